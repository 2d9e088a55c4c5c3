# Whether each route of routes.def stands in openapi.json, which is the contract: the build of
# workerd asks, with nothing but awk. (What else must agree, `make lint` checks: openapi.mjs.)
#
#	awk -f tests/lint/routes.awk workerd/api/openapi/openapi.json workerd/api/routes.def
#
# openapi.json is laid out by Biome: a path is indented by four spaces, its methods by six.

# With its parameters left nameless, as two spellings of it can be compared.
function shape(path) {
	gsub(/\{[^}]*\}|:[^\/]+/, "{}", path)
	return path
}

/^    "\// { split($0, part, "\""); path = shape(part[2]) }
/^      "(get|post|put|delete)": \{/ {
	split($0, part, "\"")
	documented[toupper(part[2]) " " path] = 1
}

/^ROUTE\(/ {
	route = $0
	if (match($0, /^ROUTE\([A-Z]+, "[^"]+"/)) {
		split(substr($0, 7, RLENGTH - 7), part, ", \"")
		route = part[1] " " shape(part[2])
	}
	if (!(route in documented)) {
		print "routes.def: " route " is not in openapi.json" > "/dev/stderr"
		missing = 1
	}
}

END { exit missing }
