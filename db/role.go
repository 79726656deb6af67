package db

import "slices"

// Scope is one thing that a key may be allowed to do; every API route names one.
type Scope string

// The scopes. AnyRole marks a route that every live key may use.
const (
	AnyRole            Scope = "any"
	ContactsRead       Scope = "contacts:read"
	ContactsWrite      Scope = "contacts:write"
	ConversationsRead  Scope = "conversations:read"
	ConversationsWrite Scope = "conversations:write"
	AssistantsRead     Scope = "assistants:read"
	AssistantsWrite    Scope = "assistants:write"
	UsageRead          Scope = "usage:read"
	WebhooksManage     Scope = "webhooks:manage"
)

// Scopes are all scopes, in the order people see them.
var Scopes = []Scope{ContactsRead, ContactsWrite, ConversationsRead, ConversationsWrite, AssistantsRead, AssistantsWrite, UsageRead, WebhooksManage}

// Role is what a key may do: an id that is stored and sent, words for people, and the scopes it opens.
type Role struct {
	ID     string
	Label  string
	Words  string // what it opens, in a sentence
	Scopes []Scope
}

// Roles are all roles a key can have, the narrowest uses first. Middleware, role picker, docs and tests read this one table.
var Roles = []Role{
	{"read_only", "Read only", "Reads contacts, conversations, assistants and usage; changes nothing.", []Scope{ContactsRead, ConversationsRead, AssistantsRead, UsageRead}},
	{"conversations_export", "Conversation export", "Reads conversations and assistants, for archives and reports.", []Scope{ConversationsRead, AssistantsRead}},
	{"contacts_sync", "Contact sync", "Reads, creates and changes contacts, for a CRM.", []Scope{ContactsRead, ContactsWrite}},
	{"full_access", "Full access", "Reads and changes everything the API offers.", Scopes},
}

// RoleByID gives the role with that exact id, and whether there is one.
func RoleByID(id string) (Role, bool) {
	i := slices.IndexFunc(Roles, func(r Role) bool { return r.ID == id })
	if i < 0 {
		return Role{}, false
	}
	return Roles[i], true
}

// Opens tells whether the role allows what the scope names.
func (r Role) Opens(scope Scope) bool { return scope == AnyRole || slices.Contains(r.Scopes, scope) }

// MemberRole is what a person is in a team.
type MemberRole string

// The member roles.
const (
	Owner  MemberRole = "owner"
	Admin  MemberRole = "admin"
	Member MemberRole = "member"
)

// Manages tells whether the role looks after what is the team's, such as its webhooks, and sees what everybody uses.
func (r MemberRole) Manages() bool { return r == Owner || r == Admin }

func memberRole(text string) (MemberRole, *Error) {
	switch r := MemberRole(text); r {
	case Owner, Admin, Member:
		return r, nil
	}
	return "", invalid("role", "A person's role in a team is owner, admin or member.")
}

// Actor is what sort of asker a Principal is.
type Actor string

// The actors.
const (
	ActorPerson   Actor = "person"   // through a session
	ActorKey      Actor = "key"      // through the API
	ActorOperator Actor = "operator" // at the command line, on the machine itself
	ActorProgram  Actor = "program"  // tidying up and counting
)

// Principal is who asks: a person in a team, through a session or through a key; or whoever runs the server; or the program
// itself. Every method whose rows belong to a team or a person takes one, and its statement names that team. Every write
// is in a transaction of one.
type Principal struct {
	TeamID string
	UserID string
	Member MemberRole // set for a session
	KeyID  string     // set for a key
	Role   Role       // the key's
	actor  Actor      // set for who is neither
}

// Operator is whoever runs the command line, acting on a team, or on none in particular when teamID is empty.
func Operator(teamID string) Principal { return Principal{TeamID: teamID, actor: ActorOperator} }

// theProgram asks for what nobody else does.
func theProgram() Principal { return Principal{actor: ActorProgram} }

// Actor is what sort of asker this is, or empty for nobody.
func (p Principal) Actor() Actor {
	switch {
	case p.actor != "":
		return p.actor
	case p.KeyID != "":
		return ActorKey
	case p.UserID != "":
		return ActorPerson
	}
	return ""
}
