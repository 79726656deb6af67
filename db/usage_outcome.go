package db

// Outcome is how a request ended, as usage counts it.
type Outcome string

// The outcomes.
const (
	Fine        Outcome = "ok"      // 2xx and 3xx
	Denied      Outcome = "denied"  // 401 and 403
	Limited     Outcome = "limited" // 429
	ClientFault Outcome = "client"  // the other 4xx
	ServerFault Outcome = "server"  // 5xx
)

// Outcomes are all outcomes, in the order people see them.
var Outcomes = []Outcome{Fine, Denied, Limited, ClientFault, ServerFault}

// OutcomeOf is the outcome of an answer with this status.
func OutcomeOf(status int) Outcome {
	switch {
	case status == 401 || status == 403:
		return Denied
	case status == 429:
		return Limited
	case status >= 500:
		return ServerFault
	case status >= 400:
		return ClientFault
	}
	return Fine
}

// UsageCounts are how many requests ended how, the bytes sent in answers and the time it took.
type UsageCounts struct {
	Fine, Denied, Limited, ClientFault, ServerFault int64

	Bytes  int64
	Micros int64
}

// Requests is how many requests there were in all.
func (s UsageCounts) Requests() int64 {
	return s.Fine + s.Denied + s.Limited + s.ClientFault + s.ServerFault
}

// Of is how many requests ended so.
func (s UsageCounts) Of(o Outcome) int64 { return *s.of(o) }

func (s *UsageCounts) of(o Outcome) *int64 {
	switch o {
	case Denied:
		return &s.Denied
	case Limited:
		return &s.Limited
	case ClientFault:
		return &s.ClientFault
	case ServerFault:
		return &s.ServerFault
	}
	return &s.Fine
}

func (s *UsageCounts) add(o UsageCounts) {
	s.Fine += o.Fine
	s.Denied += o.Denied
	s.Limited += o.Limited
	s.ClientFault += o.ClientFault
	s.ServerFault += o.ServerFault
	s.Bytes += o.Bytes
	s.Micros += o.Micros
}

// dest are the places that the columns of a sum go to: ok, denied, limited, client, server, bytes, micros.
func (s *UsageCounts) dest() []any {
	return []any{&s.Fine, &s.Denied, &s.Limited, &s.ClientFault, &s.ServerFault, &s.Bytes, &s.Micros}
}
