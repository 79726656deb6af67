package limit

import "hash/crc32"

const minuteLong = 60_000 // milliseconds

// minute is what one copy of the program knows of a key's or a person's allowance in the minute at hand.
type minute struct {
	phase     int64 // of a person: at which millisecond of a minute theirs begin
	since     int64
	most      int64
	left      int64 // what may be given away without asking
	elsewhere int64 // what was not granted to anybody when the database was last asked
	used      int64
	shared    bool          // other copies of the program give it away too
	alone     bool          // the database grants nothing, so this copy counts by itself
	granted   chan struct{} // while the database is asked; closed then
}

// phaseOf is the same on every copy of the program.
func phaseOf(id string) int64 { return int64(crc32.ChecksumIEEE([]byte(id)) % minuteLong) }

// begin is when the person's minute at a moment began.
func (m *minute) begin(now int64) int64 { return now - (now-m.phase)%minuteLong }

// turn goes on to the minute that began at since. A clock that is set back by less than a minute does not bring back
// one that is over.
func (m *minute) turn(since, most int64, shared bool) {
	if since == m.since || since < m.since && since >= m.since-minuteLong {
		return
	}
	*m = minute{phase: m.phase, since: since, most: most, left: most, shared: shared}
	if shared {
		m.left, m.elsewhere = 0, most
	}
}

// over tells that nothing is left, neither here nor for other copies to be granted.
func (m *minute) over() bool { return m.left == 0 && m.elsewhere == 0 }

// known is how many more requests are sure to be let in, whichever copy of the program they reach. Once all is granted,
// that is none: what this copy still holds helps nobody whose next request reaches another.
func (m *minute) known() int64 {
	if m.shared && !m.alone && m.elsewhere == 0 {
		return 0
	}
	return m.left + m.elsewhere
}

func (m *minute) use(requests int64) {
	m.left -= requests
	m.used += requests
}
