locals {
  ours = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${var.prefix}-\""
  # Of these routes the query holds a code, a state or a ticket: no log keeps their requests.
  secret_queries = join(" OR ", [
    "(${local.ours} AND log_id(\"run.googleapis.com/requests\") AND resource.labels.service_name=~\"-(authorize|callback-[a-z]+)$\" AND httpRequest.requestUrl=~\"[?]\")",
    "(resource.type=\"http_load_balancer\" AND httpRequest.requestUrl=~\"/api/v1/oauth/(callback/|user/authorize).*[?]\")",
  ])
}

locals {
  # The digests of scheduled backups have to outlive them, elsewhere than in their bucket.
  digests_kept = [for trigger in google_cloudbuild_trigger.backup : "(resource.type=\"build\" AND resource.labels.build_trigger_id=\"${trigger.trigger_id}\" AND textPayload:\" digest \")"]
}

resource "google_logging_project_exclusion" "secret_queries" {
  name        = "${var.prefix}-secret-queries"
  description = "Requests whose query holds a code, a state or a ticket. Our own line of each request says all else."
  filter      = local.secret_queries
}

# Who used whose token, what was changed and what was alarming, apart from everything else, and for longer.
resource "google_logging_project_bucket_config" "audit" {
  project        = var.project_id
  location       = var.region
  bucket_id      = "${var.prefix}-audit"
  description    = "Uses, changes and alarms; the anchors of the audit chains."
  retention_days = var.audit_retention_days
  locked         = var.audit_locked
  depends_on     = [google_project_service.this]
}

resource "google_logging_project_sink" "audit" {
  name                   = "${var.prefix}-audit"
  description            = "Uses, changes and alarms."
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.audit.id}"
  filter                 = join(" OR ", concat(["(${local.ours} AND (jsonPayload.action:* OR jsonPayload.alarm:*))"], local.digests_kept))
  unique_writer_identity = true
}

# Google's own record of who read which key, secret, document or backup, and who acted as a service account (which
# is iam's). For Firestore the service is called datastore (Firestore documentation, "Audit logging").
resource "google_project_iam_audit_config" "this" {
  for_each = toset([for service in ["cloudkms", "datastore", "iam", "secretmanager", "storage"] : "${service}.googleapis.com"])
  project  = var.project_id
  service  = each.key
  dynamic "audit_log_config" {
    for_each = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
    content {
      log_type = audit_log_config.value
    }
  }
}
