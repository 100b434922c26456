# Events are hints for whoever listens; shards are the parts of a sweep, handed to other instances.

resource "google_pubsub_topic" "this" {
  #checkov:skip=CKV_GCP_83: no message holds a token or a secret; Google's own key encrypts it
  for_each                   = toset(["events", "sweep", "sweep-dead"])
  name                       = "${var.prefix}-${each.key}"
  message_retention_duration = "86400s"
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishing
  topic    = google_pubsub_topic.this[each.value.topic].id
  role     = "roles/pubsub.publisher"
  member   = local.members[each.value.who]
}

resource "google_pubsub_subscription" "sweep" {
  count                = var.deploy_functions ? 1 : 0
  name                 = "${var.prefix}-sweep"
  topic                = google_pubsub_topic.this["sweep"].id
  ack_deadline_seconds = 120 # longer than the function may take
  # What is due is found again by the next sweep: an old shard says nothing.
  message_retention_duration = "3600s"
  push_config {
    push_endpoint = "${local.refresh_url}/refresh/shard"
    oidc_token {
      service_account_email = google_service_account.caller["push"].email
      audience              = local.refresh_url
    }
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.this["sweep-dead"].id
    max_delivery_attempts = 5
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "300s"
  }
  expiration_policy {
    ttl = "" # never
  }
  depends_on = [google_service_account_iam_member.push, google_cloud_run_service_iam_member.listed]
}

resource "google_pubsub_subscription" "dead" {
  name                       = "${var.prefix}-sweep-dead"
  topic                      = google_pubsub_topic.this["sweep-dead"].id
  message_retention_duration = "604800s"
  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself moves what was refused five times.
resource "google_pubsub_topic_iam_member" "dead" {
  topic  = google_pubsub_topic.this["sweep-dead"].id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead" {
  count        = var.deploy_functions ? 1 : 0
  subscription = google_pubsub_subscription.sweep[0].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_cloud_scheduler_job" "sweep" {
  count            = var.deploy_functions ? 1 : 0
  name             = "${var.prefix}-sweep"
  description      = "Has what is due refreshed, and what revocations still owe finished."
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  region           = var.region
  attempt_deadline = "90s"
  retry_config {
    retry_count = 0 # the next minute's finds what this one left
  }
  http_target {
    uri         = "${local.refresh_url}/refresh/sweep"
    http_method = "POST"
    oidc_token {
      service_account_email = google_service_account.caller["scheduler"].email
      audience              = local.refresh_url
    }
  }
  depends_on = [google_cloud_run_service_iam_member.listed]
}
