# Optional: what runs cloudbuild.yaml. The second trigger deploys, and waits until a person has approved it.

locals {
  triggers = var.build == null ? {} : {
    plan  = { apply = "no", approval = false, account = var.build.plan_account, about = "Checks and tests each commit, and keeps its plan." }
    apply = { apply = "yes", approval = true, account = var.build.apply_account, about = "Applies what the build that _PLAN_BUILD names has planned." }
  }
}

resource "google_cloudbuild_trigger" "this" {
  for_each        = local.triggers
  name            = "${var.prefix}-${each.key}"
  location        = var.region
  description     = each.value.about
  filename        = each.value.approval ? null : "cloudbuild.yaml"
  service_account = "projects/${var.project_id}/serviceAccounts/${each.value.account}"
  approval_config {
    approval_required = each.value.approval
  }
  # A push has its commit checked; applying is asked for by hand.
  dynamic "repository_event_config" {
    for_each = each.value.approval ? [] : [var.build]
    content {
      repository = repository_event_config.value.repository
      push {
        branch = "^${repository_event_config.value.branch}$"
      }
    }
  }
  dynamic "source_to_build" {
    for_each = each.value.approval ? [var.build] : []
    content {
      repository = source_to_build.value.repository
      ref        = "refs/heads/${source_to_build.value.branch}"
      repo_type  = "UNKNOWN"
    }
  }
  dynamic "git_file_source" {
    for_each = each.value.approval ? [var.build] : []
    content {
      path       = "cloudbuild.yaml"
      repository = git_file_source.value.repository
      revision   = "refs/heads/${git_file_source.value.branch}"
      repo_type  = "UNKNOWN"
    }
  }
  substitutions = {
    _APPLY            = each.value.apply
    _ARTIFACTS_BUCKET = var.build.artifacts_bucket
    _SERVICE_ACCOUNT  = each.value.account
    _STATE_BUCKET     = var.build.state_bucket
  }
  depends_on = [google_project_service.this]
}
