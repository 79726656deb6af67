package views

import "strings"

// browser gives a browser and its system in words, as far as its user agent tells.
func browser(agent string) string {
	name, system := named(agent, browsers), named(agent, systems)
	switch {
	case name == "":
		return "An unknown program"
	case system == "":
		return name
	}
	return name + " on " + system
}

// Each browser also claims to be those after it, so the order matters.
var browsers = [][2]string{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"},
	{"Chrom", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
}

var systems = [][2]string{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"},
	{"CrOS", "ChromeOS"}, {"Linux", "Linux"},
}

func named(agent string, names [][2]string) string {
	for _, n := range names {
		if strings.Contains(agent, n[0]) {
			return n[1]
		}
	}
	return ""
}
