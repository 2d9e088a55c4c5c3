# Checks that openapi.json contains each route of routes.def, with the 403 of its right. The build of workerd runs this, so it needs
# only awk. (openapi.mjs, in `make lint`, checks the rest.)
#
#	awk -f tests/lint/routes.awk workerd/api/openapi/openapi.json workerd/api/routes.def
#
# Biome formats openapi.json: a path is indented by four spaces, its methods by six.

# Removes the names of parameters, so that both spellings can be compared.
function shape(path) {
	gsub(/\{[^}]*\}|:[^\/]+/, "{}", path)
	return path
}

/^    "\// { split($0, part, "\""); path = shape(part[2]) }
/^      "(get|head|post|put|patch|delete)": \{/ {
	split($0, part, "\"")
	operation = toupper(part[2]) " " path
	documented[operation] = 1
}
/"403": \{ "\$ref": / {
	split($0, part, "/")
	sub(/".*/, "", part[4])
	refused[operation] = part[4]
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
	wanted = ""
	if (match($0, /, MANAGE, [0-9]+, "/))
		wanted = "OwnersOnly"
	if (match($0, /, DELETE, [0-9]+, "/))
		wanted = "DeletersOnly"
	if (wanted != "" && refused[route] != wanted) {
		print "openapi.json: the 403 of " route " is not " wanted > "/dev/stderr"
		missing = 1
	}
}

END { exit missing }
