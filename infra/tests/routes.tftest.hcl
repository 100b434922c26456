# Both front doors, what leads where, and what is refused before anything is made.

variables {
  project_id    = "company-oauth"
  front_door    = "load_balancer"
  domain        = "connect.company.com"
  deployment_id = "3f0c9a52-6b1e-4a57-9c55-0d7d9f2c1b10"
  backups       = null
  restoring     = false
}

# Nobody is asked: the project need not exist.
override_data {
  target = data.google_project.this
  values = { number = "123456789012" }
}

run "every_open_route_of_the_catalogue_leads_to_its_function" {
  command = plan
  assert {
    condition     = length(google_compute_url_map.this[0].path_matcher[0].route_rules) == sum([for f in local.catalogue.functions : length(f.routes) if f.invoker == "allUsers"])
    error_message = "A route is missing in the map, or stands there twice."
  }
  assert {
    condition = alltrue([for path, name in {
      "/api/v1/oauth/user/authorize"                   = "authorize"
      "/api/v1/oauth/user/*/*"                         = "revoke"
      "/api/v1/oauth/user/*/*/token"                   = "access_token"
      "/api/v1/oauth/callback/microsoft/admin-consent" = "callback_microsoft"
      "/api/v1/connectors/*/proxy/**"                  = "connectors"
      "/"                                              = "web"
    } : local.routes[path] == name])
    error_message = "A path leads elsewhere."
  }
  assert {
    condition     = !anytrue([for path in keys(local.routes) : strcontains(path, "/refresh")])
    error_message = "The load balancer leads to refresh."
  }
  assert {
    condition     = index(local.ordered, "/api/v1/connectors/*/files/uploads") < index(local.ordered, "/api/v1/connectors/*/files/*")
    error_message = "A path with a placeholder comes before one that is written out."
  }
}

run "no_rule_of_the_waf_writes_down_what_matched" {
  command = plan
  assert {
    condition     = google_compute_security_policy.this[0].advanced_options_config[0].log_level == "NORMAL"
    error_message = "VERBOSE would log codes and cookies."
  }
  assert {
    condition = max([for rule in google_compute_security_policy.this[0].rule : rule.priority if startswith(rule.action, "deny")]...) < min([
      for rule in google_compute_security_policy.this[0].rule : rule.priority if rule.action == "throttle"
    ]...)
    error_message = "A rule that counts, and then lets pass, comes before one that refuses."
  }
  assert {
    condition     = alltrue([for backend in google_compute_backend_service.this : backend.load_balancing_scheme == "EXTERNAL_MANAGED"])
    error_message = "Paths with placeholders need EXTERNAL_MANAGED."
  }
}

run "requests_with_a_code_are_in_no_log" {
  command = plan
  assert {
    condition     = strcontains(google_logging_project_exclusion.secret_queries.filter, "callback") && strcontains(google_logging_project_exclusion.secret_queries.filter, "http_load_balancer")
    error_message = "The query of a callback is kept."
  }
}

run "what_is_told_to_refresh_and_by_it" {
  command = plan
  assert {
    condition     = google_cloudfunctions2_function.this["refresh"].service_config[0].environment_variables["BEHIND_IAM"] == "yes"
    error_message = "refresh would ask for signatures that the platform has taken away."
  }
  assert {
    condition = length(distinct([
      google_cloudfunctions2_function.this["refresh"].service_config[0].environment_variables["REFRESH_AUDIENCE"],
      google_cloudfunctions2_function.this["revoke"].service_config[0].environment_variables["REFRESH_URL"],
      google_cloud_scheduler_job.sweep[0].http_target[0].oidc_token[0].audience,
      google_pubsub_subscription.sweep[0].push_config[0].oidc_token[0].audience,
    ])) == 1
    error_message = "Callers of refresh prove themselves to another audience than it expects."
  }
  assert {
    condition     = [for name, f in google_cloudfunctions2_function.this : name if contains(keys(f.service_config[0].environment_variables), "REFRESH_KEY")] == ["callback_google", "callback_microsoft", "refresh"]
    error_message = "A function is told of the key of refresh tokens that has no right to it."
  }
}

run "a_trial_has_no_load_balancer" {
  command = plan
  variables {
    front_door = "function_urls"
    domain     = null
  }
  assert {
    condition     = length(google_compute_url_map.this) == 0 && length(google_compute_security_policy.this) == 0 && length(google_compute_global_address.this) == 0
    error_message = "A trial pays for a load balancer."
  }
  assert {
    condition     = output.public_origin == "https://europe-west1-company-oauth.cloudfunctions.net" && local.shared_settings.TRIAL_ON_SHARED_HOST == "yes"
    error_message = "The functions would refuse to start on the shared host."
  }
}

run "the_first_apply_makes_what_functions_need" {
  command = plan
  variables {
    deploy_functions = false
  }
  assert {
    condition     = length(google_cloudfunctions2_function.this) == 0 && length(google_cloud_scheduler_job.sweep) == 0 && length(google_compute_url_map.this) == 0
    error_message = "Something of the functions is there before their secrets have a value."
  }
  assert {
    condition     = length(google_secret_manager_secret.mounted) == 6 && length(google_compute_global_address.this) == 1 && length(google_compute_managed_ssl_certificate.this) == 1
    error_message = "Secrets, address or certificate are missing."
  }
}

run "one_fixed_address" {
  command = plan
  variables {
    egress_address = "projects/company-oauth/regions/europe-west1/addresses/oauth-egress"
  }
  assert {
    condition     = sort([for name, fixed in local.is_fixed : name if fixed]) == tolist(["authorize", "callback_google", "callback_microsoft", "connectors", "refresh"])
    error_message = "What calls the providers leaves by another address, or something else does too."
  }
}

run "a_domain_with_a_scheme_is_refused" {
  command = plan
  variables {
    domain = "https://connect.company.com"
  }
  expect_failures = [var.domain]
}

run "a_load_balancer_needs_a_domain" {
  command = plan
  variables {
    domain = null
  }
  expect_failures = [var.domain]
}

run "nothing_of_a_sandbox_is_a_setting" {
  command = plan
  variables {
    settings = { SANDBOX_URL = "http://127.0.0.1:8085" }
  }
  expect_failures = [var.settings]
}

run "an_id_that_is_no_uuid_is_refused" {
  command = plan
  variables {
    deployment_id = "production"
  }
  expect_failures = [var.deployment_id]
}
