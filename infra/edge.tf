# One name for everything: a certificate, and a map from the catalogue's routes to the functions.

# Made at the first apply already, so that the name can lead here before anything listens.
resource "google_compute_global_address" "this" {
  count      = local.balanced ? 1 : 0
  name       = var.prefix
  depends_on = [google_project_service.this]
}

resource "google_compute_managed_ssl_certificate" "this" {
  count = local.balanced ? 1 : 0
  name  = "${var.prefix}-${substr(sha256(var.domain), 0, 8)}" # another domain is another certificate, before the old one goes
  managed {
    domains = [var.domain]
  }
  depends_on = [google_project_service.this]
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "this" {
  count           = local.balanced ? 1 : 0
  name            = var.prefix
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
  depends_on      = [google_project_service.this]
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each              = local.edge
  name                  = local.names[each.key]
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run { # a 2nd-gen function is a service of Cloud Run with the same name
    service = google_cloudfunctions2_function.this[each.key].name
  }
}

resource "google_compute_backend_service" "this" {
  for_each              = local.edge
  name                  = local.names[each.key]
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this[0].id
  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }
  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "this" {
  count           = length(local.edge) > 0 ? 1 : 0
  name            = var.prefix
  default_service = google_compute_backend_service.this["web"].id # it answers 404, and knows no other host
  host_rule {
    hosts        = [var.domain]
    path_matcher = "catalogue"
  }
  path_matcher {
    name            = "catalogue"
    default_service = google_compute_backend_service.this["web"].id
    dynamic "route_rules" {
      for_each = local.ordered
      content {
        priority = route_rules.key + 1
        service  = google_compute_backend_service.this[local.routes[route_rules.value]].id
        match_rules {
          path_template_match = strcontains(route_rules.value, "*") ? route_rules.value : null
          full_path_match     = strcontains(route_rules.value, "*") ? null : route_rules.value
        }
      }
    }
  }
}

resource "google_compute_target_https_proxy" "this" {
  count            = length(local.edge) > 0 ? 1 : 0
  name             = var.prefix
  url_map          = google_compute_url_map.this[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.this[0].id]
  ssl_policy       = google_compute_ssl_policy.this[0].id
}

resource "google_compute_global_forwarding_rule" "https" {
  count                 = length(local.edge) > 0 ? 1 : 0
  name                  = var.prefix
  target                = google_compute_target_https_proxy.this[0].id
  ip_address            = google_compute_global_address.this[0].address
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

# Plain http is sent to https and answered by nobody.
resource "google_compute_url_map" "redirect" {
  count = local.balanced ? 1 : 0
  name  = "${var.prefix}-redirect"
  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
  depends_on = [google_project_service.this]
}

resource "google_compute_target_http_proxy" "redirect" {
  count   = local.balanced ? 1 : 0
  name    = "${var.prefix}-redirect"
  url_map = google_compute_url_map.redirect[0].id
}

resource "google_compute_global_forwarding_rule" "http" {
  count                 = local.balanced ? 1 : 0
  name                  = "${var.prefix}-redirect"
  target                = google_compute_target_http_proxy.redirect[0].id
  ip_address            = google_compute_global_address.this[0].address
  port_range            = "80"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
