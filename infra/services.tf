data "google_project" "this" {
  project_id = var.project_id
}

resource "google_project_service" "this" {
  for_each = toset(concat([
    "artifactregistry", "cloudbuild", "cloudfunctions", "cloudkms", "cloudscheduler", "firestore", "iam",
    "iamcredentials", "logging", "monitoring", "pubsub", "run", "secretmanager", "storage",
    ],
    local.balanced || var.egress_address != null ? ["compute"] : [],
    var.billing_account == null ? [] : ["billingbudgets"],
  ))
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
