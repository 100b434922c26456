locals {
  # Title, filter, aligner, reducer, what it is grouped by, and unit.
  charts = concat([
    { title = "Requests a second", filter = "metric.type=\"run.googleapis.com/request_count\" resource.type=\"cloud_run_revision\" resource.labels.service_name=monitoring.regex.full_match(\"${var.prefix}-.*\")", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] },
    { title = "Answers 5xx a second", filter = "metric.type=\"run.googleapis.com/request_count\" resource.type=\"cloud_run_revision\" metric.labels.response_code_class=\"5xx\" resource.labels.service_name=monitoring.regex.full_match(\"${var.prefix}-.*\")", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] },
    { title = "Milliseconds, 95 of 100 answers", filter = "metric.type=\"run.googleapis.com/request_latencies\" resource.type=\"cloud_run_revision\" resource.labels.service_name=monitoring.regex.full_match(\"${var.prefix}-.*\")", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] },
    { title = "Instances", filter = "metric.type=\"run.googleapis.com/container/instance_count\" resource.type=\"cloud_run_revision\" resource.labels.service_name=monitoring.regex.full_match(\"${var.prefix}-.*\")", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] },
    { title = "Shards that wait", filter = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" resource.type=\"pubsub_subscription\" resource.labels.subscription_id=starts_with(\"${var.prefix}-sweep\")", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] },
    ], [for key, what in local.counted : {
      title   = "${what.title}, in five minutes", filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this[key].name}\" resource.type=\"${what.of}\"",
      aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [for label in keys(what.labels) : "metric.label.${label}"]
  }])
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = "Multi-User OAuth (${var.prefix})"
    mosaicLayout = {
      columns = 48
      tiles = [for index, chart in local.charts : {
        xPos   = (index % 2) * 24
        yPos   = floor(index / 2) * 12
        width  = 24
        height = 12
        widget = {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType       = "LINE"
              targetAxis     = "Y1"
              legendTemplate = ""
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = strcontains(chart.title, "five minutes") ? "300s" : "60s"
                    perSeriesAligner   = chart.aligner
                    crossSeriesReducer = chart.reducer
                    groupByFields      = chart.by
                  }
                }
              }
            }]
          }
        }
      }]
    }
  })
  depends_on = [google_project_service.this]
}
