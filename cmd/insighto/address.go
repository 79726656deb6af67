package main

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
)

// placeOf gives host and port of an address that was checked.
func placeOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return net.JoinHostPort(u.Hostname(), port)
}

func checkBase(text string) error {
	u, err := url.Parse(text)
	if text == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && (u.Path == "" || u.Path == "/") &&
		u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return nil
	}
	return usageError{fmt.Sprintf("--base-url: %q is no address such as https://insighto.example.com", text)}
}

// prefixes reads networks and single addresses.
func prefixes(flag string, texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); err != nil && ipErr == nil {
			prefix, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return nil, usageError{fmt.Sprintf("%s: %q is no network such as 10.0.0.0/8", flag, text)}
		}
		all = append(all, prefix)
	}
	return all, nil
}
