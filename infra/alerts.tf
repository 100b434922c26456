locals {
  # Each alert has its section there, by its name.
  operations = var.documents_url == "" ? "docs/operations.md" : "${trimsuffix(var.documents_url, "/")}/operations.md"
}

locals {
  # Somebody waits for these. A sweep may take a minute, and a file as long as it is large.
  answering = [for name in keys(local.functions) : name if !contains(["refresh", "connectors"], name)]
  # What Google measures by itself.
  measured = merge(
    {
      server_errors = {
        filter  = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\" AND resource.labels.service_name=monitoring.regex.full_match(\"${var.prefix}-.*\")"
        aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.labels.service_name"]
        above   = var.thresholds.server_errors, duration = "0s"
        title   = "a function fails"
        text    = "Its lines at ERROR name the exception and its places."
      }
      latency = {
        filter  = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_latencies\" AND resource.labels.service_name=one_of(${join(",", [for name in local.answering : "\"${local.names[name]}\""])})"
        aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = ["resource.labels.service_name"]
        above   = var.thresholds.latency_seconds * 1000, duration = "300s"
        title   = "a function is slow"
        text    = "Milliseconds, of 95 answers in 100. Look at the provider's status page and at instances that wait for CPU."
      }
      dead_letters = {
        filter  = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead.name}\""
        aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = []
        above   = 0, duration = "0s"
        title   = "a shard was given up"
        text    = "The next sweep finds what was due. Look why refresh refused it; then purge the subscription of dead letters."
      }
    },
  )
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = toset(var.alert_emails)
  display_name = each.key
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.this]
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]
}

resource "google_monitoring_alert_policy" "counted" {
  for_each              = local.counted
  display_name          = "${var.prefix}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.key == "alarm_tampered" ? "CRITICAL" : "ERROR"
  notification_channels = local.channels
  conditions {
    display_name = "more than ${each.value.above} in five minutes"
    condition_threshold {
      filter          = "resource.type=\"${each.value.of}\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this[each.key].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content   = "${each.value.text}\n\nWhat to do: ${local.operations}#${trimprefix(each.key, "alarm_")}"
    mime_type = "text/markdown"
  }
  alert_strategy {
    auto_close = "86400s"
  }
}

resource "google_monitoring_alert_policy" "measured" {
  for_each              = local.measured
  display_name          = "${var.prefix}: ${each.value.title}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  conditions {
    display_name = "above ${each.value.above}"
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.duration
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.by
      }
    }
  }
  documentation {
    content   = "${each.value.text}\n\nWhat to do: ${local.operations}#${trimprefix(each.key, "alarm_")}"
    mime_type = "text/markdown"
  }
  alert_strategy {
    auto_close = "86400s"
  }
}

resource "google_monitoring_alert_policy" "noticed" {
  for_each              = local.noticed
  display_name          = "${var.prefix}: ${each.value.title}"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  conditions {
    display_name = "one such line"
    condition_matched_log {
      filter = each.value.filter
    }
  }
  documentation {
    content   = "${each.value.text}\n\nWhat to do: ${local.operations}#${trimprefix(each.key, "alarm_")}"
    mime_type = "text/markdown"
  }
  alert_strategy {
    auto_close = "604800s"
    notification_rate_limit {
      period = "300s"
    }
  }
}

# Silence is a trouble too: nothing is refreshed, and nobody would say so.
resource "google_monitoring_alert_policy" "no_sweep" {
  count                 = var.deploy_functions ? 1 : 0
  display_name          = "${var.prefix}: nothing sweeps"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  conditions {
    display_name = "no answered request to refresh for ten minutes"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"2xx\" AND resource.labels.service_name=\"${local.names["refresh"]}\""
      duration = "600s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content   = "Look at the Cloud Scheduler job ${var.prefix}-sweep, and whether the policy's refresh_callers admit its account.\n\nWhat to do: ${local.operations}#no_sweep"
    mime_type = "text/markdown"
  }
}
