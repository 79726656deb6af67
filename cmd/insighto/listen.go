package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"syscall"

	"golang.org/x/net/netutil"
)

// checkAddress tells whether what a flag names can be an address at all.
func checkAddress(flag, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return usageError{fmt.Sprintf("%s: %q is no address such as 127.0.0.1:8080", flag, address)}
	}
	return nil
}

// listen opens the port that a flag names, for so many connections at once.
func listen(flag, address string, connections int) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("something listens on %s already: stop it, or choose another port with %s", address, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s: choose a port from 1024 on with %s", address, flag)
	case err != nil:
		return nil, fmt.Errorf("it is not possible to listen on %s: choose another address with %s", address, flag)
	}
	return netutil.LimitListener(l, connections), nil
}

// connectionsMax is 80 % of the files that this process may open, which leaves some for the database.
func connectionsMax() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 800
	}
	return int(max(1, min(limit.Cur, 1<<20)/5*4))
}

// baseOf is what somebody on this machine types to reach the listener.
func baseOf(listening net.Addr) string {
	host, port, _ := net.SplitHostPort(listening.String())
	if ip, err := netip.ParseAddr(host); err == nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

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
