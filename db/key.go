package db

import (
	"context"
	"fmt"
	"time"
)

// KeysMax is how many keys one person may hold in one team, revoked ones included.
const KeysMax = 1000

// Key is a personal API key as it is kept: neither its secret nor its digest. Two keys may have the same name;
// prefix and date tell them apart.
type Key struct {
	ID          string
	UserID      string
	TeamID      string
	Name        string
	Prefix      string // "in-" and the secret's next 8 characters
	Role        Role
	Description string
	CreatedAt   time.Time
	RevokedAt   time.Time // zero while it works
	LastUsed    KeyUse    // zero time when never
}

// Revoked tells whether the key has been stopped.
func (k Key) Revoked() bool { return !k.RevokedAt.IsZero() }

// NewKey is what a person says of a key when making it. All of it is required.
type NewKey struct {
	Name        string
	Role        string
	Description string
}

// Caller is who a key's secret belongs to.
type Caller struct {
	Principal
	Key  Key
	User User
	Team Team
}

// CreateKey makes a key for the asker and gives its secret, which is kept nowhere: this is the only time it exists.
// Problems tells every input that is wrong.
func (s *Store) CreateKey(ctx context.Context, p Principal, n NewKey) (Key, string, error) {
	k, err := n.checked()
	if err != nil {
		return Key{}, "", err
	}
	secret := keyMark + newSecret(keyLength)
	k.ID, k.UserID, k.TeamID, k.CreatedAt = NewID(), p.UserID, p.TeamID, s.now()
	k.Prefix = secret[:len(keyMark)+prefixLength]
	err = s.atomically(ctx, p, func(tx *Store) error {
		var held int64
		if _, err := tx.one(ctx, []any{&held}, countKeys, p.TeamID, p.UserID); err != nil {
			return err
		}
		if held >= KeysMax {
			return Problems{invalid("name", fmt.Sprintf("You hold %d keys, which is the most. Delete some that you no longer use, then make this one.", KeysMax))}
		}
		_, err := tx.exec(ctx, `
			INSERT INTO keys (team_id, id, user_id, digest, prefix, name, role, description, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			k.TeamID, k.ID, k.UserID, digest(secret), k.Prefix, k.Name, k.Role.ID, k.Description, k.CreatedAt.UnixMilli())
		return err
	})
	if err != nil {
		return Key{}, "", err
	}
	return k, secret, nil
}

func (n NewKey) checked() (k Key, err error) {
	var problems Problems
	var e *Error
	if k.Name, e = line("name", "A name", n.Name, NameMax); e != nil {
		problems = append(problems, e)
	}
	var known bool
	if k.Role, known = RoleByID(n.Role); !known {
		problems = append(problems, invalid("role", "Choose what the key may do."))
	}
	if k.Description, e = prose("description", "A description", n.Description, DescriptionMax); e != nil {
		problems = append(problems, e)
	}
	return k, problems.or()
}

const keyColumns = `k.id, k.user_id, k.team_id, k.name, k.prefix, k.role, k.description, k.created_at, k.revoked_at,
		       k.last_used_at, k.last_used_method, k.last_used_route, k.last_used_status, k.last_used_address, k.last_used_agent`

func scanKey(scan scanner) (Key, error) {
	var k Key
	var role string
	err := scan(&k.ID, &k.UserID, &k.TeamID, &k.Name, &k.Prefix, &role, &k.Description, ms(&k.CreatedAt), ms(&k.RevokedAt),
		ms(&k.LastUsed.At), &k.LastUsed.Method, &k.LastUsed.Route, &k.LastUsed.Status, &k.LastUsed.Address, &k.LastUsed.UserAgent)
	k.Role, _ = RoleByID(role)
	return k, err
}

const countKeys = `SELECT COUNT(*) FROM keys WHERE team_id = $1 AND user_id = $2`

// Keys gives the asker's own keys in this team, newest first; nobody sees another person's.
func (s *Store) Keys(ctx context.Context, p Principal, page Page) (List[Key], error) {
	return listOf(ctx, s, page, scanKey, statement{
		count: countKeys,
		rows: `
		SELECT ` + keyColumns + `
		FROM keys k
		WHERE k.team_id = $1
		  AND k.user_id = $2
		ORDER BY k.created_at DESC, k.id DESC`,
		args: []any{p.TeamID, p.UserID},
	})
}

// Key gives one of the asker's own keys, or a NotFound error.
func (s *Store) Key(ctx context.Context, p Principal, id string) (Key, error) {
	return single(ctx, s, "key", scanKey, `
		SELECT `+keyColumns+`
		FROM keys k
		WHERE k.team_id = $1
		  AND k.user_id = $2
		  AND k.id = $3`, p.TeamID, p.UserID, id)
}

// RevokeKey stops one of the asker's own keys from the moment it returns, on every copy of the program. Revoking
// again changes nothing: the first time stays. It gives the key as it is now.
func (s *Store) RevokeKey(ctx context.Context, p Principal, id string) (Key, error) {
	if _, err := s.change(ctx, p, `
		UPDATE keys
		SET revoked_at = $1
		WHERE team_id = $2
		  AND user_id = $3
		  AND id = $4
		  AND revoked_at IS NULL`, s.now().UnixMilli(), p.TeamID, p.UserID, id); err != nil {
		return Key{}, err
	}
	return s.Key(ctx, p, id)
}

// DeleteKey removes one of the asker's own keys, live or revoked. Its name stays, for what it did.
func (s *Store) DeleteKey(ctx context.Context, p Principal, id string) error {
	return s.atomically(ctx, p, func(tx *Store) error {
		if _, err := tx.exec(ctx, `
			INSERT INTO deleted_keys (team_id, id, user_id, name, prefix, deleted_at)
			SELECT team_id, id, user_id, name, prefix, CAST($4 AS BIGINT)
			FROM keys
			WHERE team_id = $1
			  AND user_id = $2
			  AND id = $3`, p.TeamID, p.UserID, id, s.now().UnixMilli()); err != nil {
			return err
		}
		n, err := tx.exec(ctx, `
			DELETE FROM keys
			WHERE team_id = $1
			  AND user_id = $2
			  AND id = $3`, p.TeamID, p.UserID, id)
		if err == nil && n == 0 {
			return notFound("key")
		}
		return err
	})
}

// KeyOwner gives who holds the key with that id, for the command line, where the operator may act on any key.
func (s *Store) KeyOwner(ctx context.Context, id string) (Principal, error) {
	p := Operator("")
	found, err := s.one(ctx, []any{&p.TeamID, &p.UserID}, `
		SELECT team_id, user_id
		FROM keys
		WHERE id = $1`, id)
	if err == nil && !found {
		return p, notFound("key")
	}
	return p, err
}

// Authenticate gives who a secret belongs to. It asks the database each time, with one statement that an index alone
// answers, which is why revoking is instant everywhere. Its Unauthenticated errors carry the codes key_malformed (the
// database is not asked), key_unknown and key_revoked. With an error about a key that is somebody's and stopped working, which
// is no guess, comes whose it is, without its role.
func (s *Store) Authenticate(ctx context.Context, secret string) (Principal, error) {
	p, _, err := s.holder(ctx, secret, authenticate)
	return p, err
}

// Introspect is Authenticate with what the key, its person and its team are called.
func (s *Store) Introspect(ctx context.Context, secret string) (c Caller, err error) {
	var details string
	if c.Principal, details, err = s.holder(ctx, secret, introspect); err != nil {
		return c, err
	}
	k := &c.Key
	k.ID, k.UserID, k.TeamID, k.Role = c.KeyID, c.UserID, c.TeamID, c.Role
	c.Team.ID, c.User.ID = c.TeamID, c.UserID
	return c, lastColumns(details, &k.Name, &k.Prefix, &k.Description, ms(&k.CreatedAt), ms(&k.LastUsed.At), &c.Team.Name, &c.User.Email, &c.User.Name)
}

// holder reads holderColumns of the key that a secret is, and gives the row's other columns as they are packed.
func (s *Store) holder(ctx context.Context, secret, text string) (p Principal, details string, err error) {
	if !wellFormedKey(secret) {
		return p, "", errKeyMalformed
	}
	var role string
	var revoked time.Time
	row, found, err := s.find(ctx, text, digest(secret))
	if err == nil && !found {
		err = errKeyUnknown
	}
	if err == nil {
		details, _, err = firstColumns(row, &p.KeyID, &p.UserID, &p.TeamID, &role, ms(&revoked))
	}
	if err == nil && !revoked.IsZero() {
		err = unauthenticated("key_revoked", "This key was revoked on "+revoked.Format("2006-01-02 at 15:04")+" UTC. Create a new one under Settings → API Keys.")
	}
	if err == nil {
		p.Role, _ = RoleByID(role) // an unknown role opens nothing
	}
	return p, details, err
}

const (
	holderColumns = `k.id, k.user_id, k.team_id, k.role, k.revoked_at`
	callerColumns = holderColumns + `, k.name, k.prefix, k.description, k.created_at, k.last_used_at, t.name, u.email, u.name`
)

// A person who has left the team or is deactivated has no row here, so the key is as good as unknown. LIMIT has
// PostgreSQL begin with the one key, also while it has no statistics of the tables, as after a restore.
var (
	authenticate = `
		SELECT ` + packed(holderColumns, "k.revoked_at") + `
		FROM (
		  SELECT id, user_id, team_id, role, revoked_at
		  FROM keys
		  WHERE digest = $1
		  LIMIT 1
		) k
		JOIN members m ON m.team_id = k.team_id AND m.user_id = k.user_id
		JOIN users u ON u.id = k.user_id AND u.deactivated_at IS NULL`
	introspect = `
		SELECT ` + packed(callerColumns, "k.revoked_at", "k.last_used_at") + `
		FROM (
		  SELECT id, user_id, team_id, role, revoked_at, name, prefix, description, created_at, last_used_at
		  FROM keys
		  WHERE digest = $1
		  LIMIT 1
		) k
		JOIN members m ON m.team_id = k.team_id AND m.user_id = k.user_id
		JOIN users u ON u.id = k.user_id AND u.deactivated_at IS NULL
		JOIN teams t ON t.id = k.team_id`
)

var (
	errKeyMalformed = unauthenticated("key_malformed", "That is not the shape of a key: in- and 43 letters and digits. Copy it again, whole; if it is lost, create a new one under Settings → API Keys.")
	errKeyUnknown   = unauthenticated("key_unknown", "Nobody holds this key. It may have been deleted, or its person has left the team. Create a new one under Settings → API Keys.")
)
