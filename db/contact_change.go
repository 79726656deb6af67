package db

import (
	"encoding/json"
	"maps"
	"strings"
	"time"
)

// ContactChange is what a client says of a contact; nil leaves a field as it is, and "" unsets it. The three objects are
// merged key by key, where null takes a key out (RFC 7396).
type ContactChange struct {
	FirstName, LastName               *string
	Email, Phone                      *string
	Channels                          map[string]json.RawMessage
	UserAttributes, CustomFields      map[string]json.RawMessage
	LastSeen, LastSent                *time.Time
	FirstAssistantID, LastAssistantID *string
	FirstWidgetID, LastWidgetID       *string
}

const (
	nameBytesMax   = 400
	objectBytesMax = 64 << 10
)

// addresses tells whether a change may give a contact an e-mail or phone.
func (ch ContactChange) addresses() bool {
	return ch.Email != nil || ch.Phone != nil || ch.Channels["telephone"] != nil
}

// handles gives the e-mail and phone to match by, at least one of them.
func (ch ContactChange) handles() (email, phone string, err error) {
	var e *Error
	if ch.Email != nil && *ch.Email != "" {
		if email, e = Email("email", *ch.Email); e != nil {
			return "", "", e
		}
	}
	if ch.Phone != nil && *ch.Phone != "" {
		number, e := ParsePhone("phone_number", *ch.Phone)
		if e != nil {
			return "", "", e
		}
		phone = number.E164
	}
	if email == "" && phone == "" {
		return "", "", invalid("email", "Give an e-mail or a phone_number to find the contact by.")
	}
	return email, phone, nil
}

// apply gives the contact with the change made, or Problems.
func (ch ContactChange) apply(c Contact) (Contact, error) {
	var problems Problems
	check := func(e *Error) {
		if e != nil {
			problems = append(problems, e)
		}
	}
	texts := []struct {
		field string
		to    *string
		given *string
	}{
		{"first_name", &c.FirstName, ch.FirstName}, {"last_name", &c.LastName, ch.LastName},
		{"first_assistant_id", &c.FirstAssistantID, ch.FirstAssistantID}, {"last_assistant_id", &c.LastAssistantID, ch.LastAssistantID},
		{"first_widget_id", &c.FirstWidgetID, ch.FirstWidgetID}, {"last_widget_id", &c.LastWidgetID, ch.LastWidgetID},
	}
	for _, text := range texts {
		if text.given == nil {
			continue
		}
		check(checkLabel(text.field, "This", *text.given, nameBytesMax))
		if strings.HasSuffix(text.field, "_id") && *text.given != "" && !IsID(*text.given) {
			check(invalid(text.field, "That is no UUID."))
		}
		*text.to = *text.given
	}
	if ch.LastSeen != nil {
		c.LastSeen = ch.LastSeen.UTC().Truncate(time.Millisecond)
	}
	if ch.LastSent != nil {
		c.LastSent = ch.LastSent.UTC().Truncate(time.Millisecond)
	}
	check(ch.applyChannels(&c))
	check(merge("user_attributes", &c.UserAttributes, ch.UserAttributes))
	check(merge("custom_fields", &c.CustomFields, ch.CustomFields))
	return c, problems.or()
}

// applyChannels sets e-mail and phone together with the channels that tell them.
func (ch ContactChange) applyChannels(c *Contact) *Error {
	channels := maps.Clone(ch.Channels)
	if channels == nil {
		channels = map[string]json.RawMessage{}
	}
	if ch.Email != nil {
		email, e := "", (*Error)(nil)
		channels["email"] = jsonNull
		if *ch.Email != "" {
			if email, e = Email("email", *ch.Email); e != nil {
				return e
			}
			channels["email"] = jsonText(email)
		}
		c.Email = email
	}
	phone := ch.Phone
	if given, is := channels["telephone"]; is && phone == nil {
		phone = new(string)
		if err := json.Unmarshal(given, phone); err != nil { // null leaves ""
			return invalid("channels.telephone", "A telephone is a text, such as +4930901820.")
		}
	}
	if phone != nil {
		for _, part := range []string{"telephone", "national_number", "country_code", "dial_code"} {
			channels[part] = jsonNull
		}
		c.Phone = ""
		if *phone != "" {
			number, e := ParsePhone("phone_number", *phone)
			if e != nil {
				return e
			}
			c.Phone = number.E164
			channels["telephone"], channels["national_number"] = jsonText(number.E164), jsonText(number.National)
			channels["country_code"], channels["dial_code"] = jsonText(number.Country), jsonText(number.Region)
		}
	}
	return merge("channels", &c.Channels, channels)
}
