terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }

  # Which bucket is said at `terraform init -backend-config=bucket=...`.
  backend "gcs" {
    prefix = "multi-user-oauth"
  }
}

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = { app = var.prefix }
}
