# Somebody is told where no backup is kept, whatever kept it from being.

locals {
  backup_kept = "resource.type=\"gcs_bucket\" AND metric.type=\"logging.googleapis.com/user/${var.prefix}/backup_kept\""
}

# Counted where it is stored, not by what the build says of itself.
resource "google_logging_metric" "backup" {
  count       = local.backed_up
  name        = "${var.prefix}/backup_kept"
  description = "Backups that were put into their bucket, by kind."
  filter      = "log_id(\"cloudaudit.googleapis.com/data_access\") AND protoPayload.methodName=\"storage.objects.create\" AND protoPayload.resourceName:\"projects/_/buckets/${google_storage_bucket.backups[0].name}/objects/\" AND NOT protoPayload.status.code>0"
  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = "backups that were kept"
    labels {
      key        = "kind"
      value_type = "STRING"
    }
  }
  label_extractors = { kind = "REGEXP_EXTRACT(protoPayload.resourceName, \"/objects/([a-z]+)/\")" }
  depends_on       = [google_project_service.this]
}

# Google waits 23.5 hours at most for what does not come, and counts over 25 at most: each condition is two times,
# 26 hours in all. A count that ended says nothing more, or zeros: one of the two conditions sees it. Neither sees
# what never was: the first backup is taken by hand (README.md).
resource "google_monitoring_alert_policy" "no_backup" {
  count                 = local.backed_up
  display_name          = "${var.prefix}: no backup is kept"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  conditions {
    display_name = "no backup of a kind for 26 hours"
    condition_absent {
      filter   = local.backup_kept
      duration = "82800s"
      aggregations {
        alignment_period     = "10800s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.kind"]
      }
    }
  }
  conditions {
    display_name = "none counted in a day, for two hours"
    condition_threshold {
      filter          = local.backup_kept
      comparison      = "COMPARISON_LT"
      threshold_value = 1
      duration        = "7200s"
      aggregations {
        alignment_period     = "86400s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.kind"]
      }
    }
  }
  documentation {
    content   = "Of the kind that is named, `whole` or `ledger`. Look at the builds of the trigger ${var.prefix}-backup-KIND, and at the Cloud Scheduler job of that name.\n\nWhat to do: ${local.operations}#no_backup"
    mime_type = "text/markdown"
  }
  alert_strategy {
    auto_close = "604800s"
  }
  depends_on = [google_logging_metric.backup]
}
