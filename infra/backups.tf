# Optional: sealed backups on a schedule, where nobody of ours can read or change an older one (README.md, "Backups").

locals {
  backup_schedules = var.backups == null ? {} : { ledger = var.backups.ledger, whole = var.backups.whole }
  backed_up        = var.backups == null ? 0 : 1
  # A deleted object can be brought back for so long, and the bucket deletes within a day of when it may.
  # No backup may outlive BACKUP_RETENTION_DAYS: the keys and the ledger that it needs do not either.
  backup_soft_delete_days = 7
  backup_days             = local.longest_backup_days - local.backup_soft_delete_days - 1
  # The pinned images have one home.
  images = yamldecode(file("${path.module}/../cloudbuild.yaml")).substitutions
}

resource "google_storage_bucket" "backups" {
  #checkov:skip=CKV_GCP_62: who reads or writes a backup is in the project's audit log (logs.tf)
  #checkov:skip=CKV_GCP_63: the same; it logs nowhere
  #checkov:skip=CKV_GCP_78: a bucket has versions or a retention policy, not both, and the latter forbids overwriting
  count                       = local.backed_up
  name                        = "${var.project_id}-${var.prefix}-backups"
  location                    = coalesce(var.backups.location, var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  retention_policy {
    retention_period = tostring(local.backup_days * 86400)
    is_locked        = var.backups.locked
  }
  soft_delete_policy {
    retention_duration_seconds = local.backup_soft_delete_days * 86400
  }
  lifecycle_rule {
    condition {
      age = local.backup_days
    }
    action {
      type = "Delete"
    }
  }
  depends_on = [google_project_service.this]
  lifecycle {
    prevent_destroy = true
  }
}

# Neither reads nor overwrites. Viewers of the project read backups as they read the databases (README.md).
resource "google_storage_bucket_iam_member" "backup" {
  count  = local.backed_up
  bucket = google_storage_bucket.backups[0].name
  role   = "roles/storage.objectCreator"
  member = local.members["backup"]
}

resource "google_storage_bucket_iam_member" "restore" {
  count  = var.restoring ? local.backed_up : 0
  bucket = google_storage_bucket.backups[0].name
  role   = "roles/storage.objectViewer"
  member = local.members["restore"]
}

resource "google_storage_bucket_object" "backup" {
  count  = local.backed_up
  name   = "backup-${try(filesha256("${path.module}/build/backup.zip"), "RUN-infra-package.py-FIRST")}.zip"
  bucket = google_storage_bucket.sources.name
  source = "${path.module}/build/backup.zip" # by infra/package.py
}

# A build fetches what it runs, and says what it did.
resource "google_storage_bucket_iam_member" "backup_sources" {
  count  = local.backed_up
  bucket = google_storage_bucket.sources.name
  role   = "roles/storage.objectViewer"
  member = local.members["backup"]
}

resource "google_project_iam_member" "backup_logs" {
  count   = local.backed_up
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = local.members["backup"]
}

# Whoever may publish here can have a backup taken, and nothing else: to run a trigger by its API takes the right to
# run any build in the project.
resource "google_pubsub_topic" "backup" {
  #checkov:skip=CKV_GCP_83: no message holds a token or a secret; Google's own key encrypts it
  for_each = local.backup_schedules
  name     = "${var.prefix}-backup-${each.key}"
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
  depends_on = [google_project_service.this]
}

resource "google_cloud_scheduler_job" "backup" {
  for_each    = local.backup_schedules
  name        = "${var.prefix}-backup-${each.key}"
  description = each.key == "whole" ? "Has everything backed up." : "Has the ledger of who disconnected backed up."
  schedule    = each.value
  time_zone   = "Etc/UTC"
  region      = var.region
  pubsub_target {
    topic_name = google_pubsub_topic.backup[each.key].id
    data       = base64encode(each.key)
  }
}

resource "google_cloudbuild_trigger" "backup" {
  for_each        = local.backup_schedules
  name            = "${var.prefix}-backup-${each.key}"
  location        = var.region
  description     = "Takes a sealed backup (${each.key}) and puts it into the bucket of backups."
  service_account = google_service_account.caller["backup"].id
  pubsub_config {
    topic = google_pubsub_topic.backup[each.key].id
  }
  build {
    timeout = "3600s"
    options {
      logging = "CLOUD_LOGGING_ONLY"
    }
    step {
      id     = "fetch"
      name   = local.images["_GCLOUD"]
      env    = ["FROM=gs://${google_storage_bucket.sources.name}/${google_storage_bucket_object.backup[0].name}"]
      script = <<-EOT
        #!/bin/sh
        set -eu
        gcloud storage cp "$FROM" backup.zip
      EOT
    }
    step {
      id   = "take"
      name = local.images["_PYTHON"]
      env = concat(
        [for setting, value in local.shared_settings : "${setting}=${value}"],
        ["BUCKET=${google_storage_bucket.backups[0].name}", "DATA_DIR=/workspace/data", "KIND=${each.key}"],
      )
      script = <<-EOT
        #!/bin/sh
        set -eu
        python3 -m zipfile -e backup.zip vault
        cd vault
        python3 -m pip install --quiet --no-input --disable-pip-version-check --root-user-action=ignore \
          --require-hashes --only-binary=:all: --no-deps --requirement requirements.txt
        exec python3 backup.py "$KIND" "$BUCKET"
      EOT
    }
  }
  depends_on = [
    google_project_iam_member.backup_logs,
    google_project_iam_member.database,
    google_storage_bucket_iam_member.backup_sources,
    google_storage_bucket_iam_member.backup,
  ]
}
