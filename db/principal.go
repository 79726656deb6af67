package db

// Principal is who asks: a person in a team, through a session or through a key. Every method whose rows
// belong to a team or a person takes one, and its statement names that team.
type Principal struct {
	TeamID string
	UserID string
	Member MemberRole // set for a session
	KeyID  string     // set for a key
	Role   Role       // the key's
}
