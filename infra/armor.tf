# What is refused before it costs an instance. The functions' own checks do not rely on any of it.

locals {
  # At sensitivity 1, the signatures that are seldom wrong. Not among them: methodenforcement (we use PUT, PATCH
  # and DELETE) and sessionfixation (a cookie and a link that both name a session are how every sign-in looks).
  waf = {
    "sqli-v33-stable"             = 2000
    "xss-v33-stable"              = 2010
    "lfi-v33-stable"              = 2020
    "rfi-v33-stable"              = 2030
    "rce-v33-stable"              = 2040
    "scannerdetection-v33-stable" = 2050
    "protocolattack-v33-stable"   = 2060
  }
  # What is random, sealed or an address by design, and looks like an attack now and then. Mails and files, which may
  # say anything, come as JSON: Cloud Armor reads their fields one by one and takes no brace for code.
  not_looked_at = {
    cookies = ["__Host-"]
    params  = ["code", "state", "ticket", "return_to", "scopes", "purpose", "q", "query"]
  }
}

resource "google_compute_security_policy" "this" {
  count       = local.balanced ? 1 : 0
  name        = var.prefix
  description = "Rates by address, and Google's preconfigured rules."
  type        = "CLOUD_ARMOR"

  advanced_options_config {
    json_parsing = "STANDARD"
    log_level    = "NORMAL" # VERBOSE would write what matched: a code, a cookie, somebody's mail
  }

  rule {
    action      = "deny(403)"
    priority    = 900
    preview     = false
    description = "log4j and its like"
    match {
      expr {
        expression = "evaluatePreconfiguredExpr('cve-canary')"
      }
    }
  }

  dynamic "rule" {
    for_each = local.waf
    content {
      action      = "deny(403)"
      priority    = rule.value
      preview     = var.waf_preview
      description = rule.key
      match {
        expr {
          expression = "evaluatePreconfiguredWaf('${rule.key}', {'sensitivity': 1})"
        }
      }
      preconfigured_waf_config {
        exclusion {
          target_rule_set = rule.key
          dynamic "request_cookie" {
            for_each = local.not_looked_at.cookies
            content {
              operator = "STARTS_WITH"
              value    = request_cookie.value
            }
          }
          dynamic "request_query_param" {
            for_each = local.not_looked_at.params
            content {
              operator = "EQUALS"
              value    = request_query_param.value
            }
          }
        }
      }
    }
  }

  # The first rule that fits decides, and one that counts lets pass: they come after all that refuses.
  rule {
    action      = "throttle"
    priority    = 3000
    preview     = false
    description = "what begins or ends a sign-in, by address"
    match {
      expr {
        expression = "request.path.startsWith('/api/v1/oauth/callback/') || request.path == '/api/v1/oauth/user/authorize'"
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = var.requests_per_minute.sign_in
        interval_sec = 60
      }
    }
  }

  rule {
    action      = "throttle"
    priority    = 2147483646
    preview     = false
    description = "everything, by address"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = var.requests_per_minute.all
        interval_sec = 60
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    preview     = false
    description = "the rest"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
  depends_on = [google_project_service.this]
}
