package db

import "database/sql"

// Pool are the figures of a pool of connections.
type Pool struct {
	Name string // read, write, or all where one pool does both
	sql.DBStats
}

// Pools gives the figures of the pools that there are.
func (s *Store) Pools() []Pool {
	if s.read == s.write {
		return []Pool{{"all", s.write.Stats()}}
	}
	return []Pool{{"read", s.read.Stats()}, {"write", s.write.Stats()}}
}
