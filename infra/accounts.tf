# Every function is somebody of its own, and so is whoever calls for a sweep, brings a shard or operates.

resource "google_service_account" "function" {
  for_each     = local.functions
  account_id   = local.names[each.key]
  display_name = "Function ${each.key}"
  description  = each.value.summary
  depends_on   = [google_project_service.this]
}

resource "google_service_account" "caller" {
  for_each = merge(
    {
      scheduler = "Calls for a sweep every minute."
      push      = "Brings the shards of a sweep."
      operator  = "Has keys re-wrapped and tokens imported; opens nothing."
      builder   = "Builds the functions' images."
    },
    var.backups == null ? {} : { backup = "Reads both databases for a sealed export; opens nothing." },
    var.restoring ? { restore = "Puts a sealed export back into both databases; opens nothing." } : {},
  )
  account_id   = "${var.prefix}-${each.key}"
  display_name = title(each.key)
  description  = each.value
  depends_on   = [google_project_service.this]
}

locals {
  members = merge(
    { for name, account in google_service_account.function : name => account.member },
    { for name, account in google_service_account.caller : name => account.member },
  )
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_service_account_iam_member" "operators" {
  for_each           = toset(var.operators)
  service_account_id = google_service_account.caller["operator"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.value
}

# While something is restored, and by the same people.
resource "google_service_account_iam_member" "restorers" {
  for_each           = toset(var.restoring ? var.operators : [])
  service_account_id = google_service_account.caller["restore"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.value
}

# Pub/Sub signs in as the account of the push subscription, and as no other.
resource "google_service_account_iam_member" "push" {
  service_account_id = google_service_account.caller["push"].name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
}

# A build reads the source where the platform has put it, and writes the image.
resource "google_project_iam_member" "builder_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = local.members["builder"]
}

resource "google_project_iam_member" "builder_sources" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = local.members["builder"]
  condition {
    title      = "sources_of_functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\") || resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.sources.name}\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  location   = google_artifact_registry_repository.functions.location
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = local.members["builder"]
}
