# Optional: what calls Microsoft and Google leaves by one fixed address, which is reserved beforehand.

locals {
  is_fixed = { for name in keys(local.functions) : name => var.egress_address != null && contains(local.outward, name) }
  fixed    = var.egress_address == null ? 0 : 1
}

resource "google_compute_network" "egress" {
  #checkov:skip=CKV2_GCP_18: nothing in it listens, and a network without rules admits nothing from outside
  count                   = local.fixed
  name                    = "${var.prefix}-egress"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.this]
}

resource "google_compute_subnetwork" "egress" {
  count                    = local.fixed
  name                     = "${var.prefix}-egress"
  network                  = google_compute_network.egress[0].id
  region                   = var.region
  ip_cidr_range            = "10.8.0.0/22" # two addresses for an instance, and as many again while revisions change
  private_ip_google_access = true          # Google's own services do not go by the NAT
  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

resource "google_compute_router" "egress" {
  count   = local.fixed
  name    = "${var.prefix}-egress"
  region  = var.region
  network = google_compute_network.egress[0].id
}

resource "google_compute_router_nat" "egress" {
  count                              = local.fixed
  name                               = "${var.prefix}-egress"
  router                             = google_compute_router.egress[0].name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [var.egress_address]
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
