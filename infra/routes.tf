# What leads where behind the load balancer, from the catalogue; edge.tf makes the map of it.

locals {
  edge = { for name, function in local.deployed : name => function if local.balanced && function.invoker == "allUsers" }
  # {path} is the rest, slashes included; any other {name} is one segment.
  routes = merge([for name, function in local.edge : {
    for route in function.routes : replace(replace(route.path, "{path}", "**"), "/{[a-z_]+}/", "*") => name if !try(route.coming, false)
  }]...)
  # Where two fit, the one with fewer placeholders wins, then the one that is not open-ended.
  ordered = [for key in sort([
    for path, name in local.routes :
    format("%02d %d %s", length(split("*", replace(path, "**", "*"))) - 1, endswith(path, "**") ? 1 : 0, path)
  ]) : split(" ", key)[2]]
}
