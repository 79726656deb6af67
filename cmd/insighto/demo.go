package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/insighto/insighto/db"
)

// Who signs in to the demo. The password is public knowledge, so the demo is for looking around and nothing else.
const (
	demoTeam     = "Lighthouse Insurance"
	demoEmail    = "ada@example.com"
	demoPassword = "lighthouse keepers wave twice"
)

const (
	demoWeeks         = 6
	demoContacts      = 120
	demoConversations = 420
	demoSeed          = 1836 // the same people say the same things in every demo
)

func demoPeople() []db.NewUser {
	return []db.NewUser{
		{Email: demoEmail, Name: "Ada Okonkwo", Team: demoTeam, Member: string(db.Owner), Password: demoPassword},
		{Email: "bruno@example.com", Name: "Bruno Keller", Team: demoTeam, Member: string(db.Admin), Password: demoPassword},
		{Email: "chidi@example.com", Name: "Chidi Lindgren", Team: demoTeam, Member: string(db.Member), Password: demoPassword},
	}
}

// welcomeToDemo fills a database without people, finishes a demo that was interrupted, leaves every other database
// alone, and says how to sign in.
func (s *serving) welcomeToDemo(ctx context.Context, taken bool) error {
	owner, err := s.store.MemberByEmail(ctx, demoEmail, demoTeam)
	if err != nil && !db.NotFound.Is(err) {
		return err
	}
	if taken && err != nil {
		s.log.Warn("--demo did nothing: the database has people of its own, and the demo is only for an empty one")
		return nil
	}
	if err := s.fillDemo(ctx, owner); err != nil {
		return err
	}
	debug.FreeOSMemory() // what hashing three passwords and making up the talk took
	if !isLoopback(s.listener.Addr()) {
		s.notices.Warn("the demo's password is public knowledge, and this address can be reached from other machines")
	}
	s.tell("Sign in to the demo at %s", s.base)
	s.tell("  e-mail    %s", demoEmail)
	s.tell("  password  %s", demoPassword)
	return nil
}

// fillDemo adds what is missing. The owner comes first, so that a start that was cut off is known again; the
// conversations come in one piece.
func (s *serving) fillDemo(ctx context.Context, owner db.Principal) error {
	if owner.UserID != "" {
		kept, err := s.store.Conversations(ctx, owner, db.ConversationFilter{}, db.Page{Number: 1, Size: 1})
		if err != nil || kept.Total > 0 {
			return err
		}
	}
	for _, person := range demoPeople() {
		if _, _, err := s.store.AddUser(ctx, db.Operator(""), person); err != nil && !db.Conflict.Is(err) {
			return err
		}
	}
	team, err := s.store.TeamNamed(ctx, demoTeam)
	if err != nil {
		return err
	}
	_, err = s.store.Import(ctx, db.Operator(team.ID), demoArchive(s.now()))
	return err
}

func isLoopback(address net.Addr) bool {
	at, err := netip.ParseAddrPort(address.String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// demoID gives the same UUID for the same thing in every demo.
func demoID(what string, n int) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "https://insighto.example/demo/%s/%d", what, n)).String()
}

// demoArchive makes up weeks of conversations until now, oldest first; the newest ones are still open.
func demoArchive(now time.Time) []db.ArchivedConversation {
	r := rand.New(rand.NewPCG(demoSeed, demoSeed))
	contacts := demoContactList()
	archive := make([]db.ArchivedConversation, 0, demoConversations)
	for n, began := range demoMoments(r, now) {
		// Everybody comes at least once; some come again and again.
		who := contacts[min(r.IntN(demoContacts), r.IntN(demoContacts))]
		if n%3 == 0 && n/3 < demoContacts {
			who = contacts[n/3]
		}
		archive = append(archive, demoConversation(r, n, who, began, now))
	}
	return archive
}

// demoMoments gives when the conversations began, in order: mostly by day and on working days.
func demoMoments(r *rand.Rand, now time.Time) []time.Time {
	const minutes = demoWeeks * 7 * 24 * 60
	moments := []time.Time{now.Add(-10 * time.Minute).Truncate(time.Second)}
	for len(moments) < demoConversations {
		at := now.Add(-time.Duration(r.IntN(minutes*60)) * time.Second).Truncate(time.Second)
		weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
		night := at.Hour() < 7 || at.Hour() >= 21
		if (weekend || night) && r.IntN(4) > 0 {
			continue
		}
		moments = append(moments, at)
	}
	slices.SortFunc(moments, time.Time.Compare)
	return moments
}

func demoConversation(r *rand.Rand, n int, who db.ArchivedContact, began, now time.Time) db.ArchivedConversation {
	talk := demoTalks[r.IntN(len(demoTalks))]
	place := talk.places[r.IntN(len(talk.places))]
	c := db.ArchivedConversation{
		ID:         demoID("conversation", n),
		Assistant:  db.ArchivedAssistant{ID: demoID("assistant", int(talk.by)), Name: demoAssistants[talk.by]},
		Widget:     demoWidgets[place],
		Contact:    who,
		DeviceType: pick(r, "desktop", "desktop", "mobile", "mobile", "mobile", "tablet", "native"),
		Attributes: fmt.Sprintf(`{"topic":%q,"language":"en"}`, talk.topic),
	}
	kind := "text"
	if place == placePhone {
		kind, c.DeviceType, c.IncludesVoice = "voice", "phone", true
	}
	c.Widget.ID = demoID("widget", int(talk.by)*len(demoWidgets)+int(place))
	c.Widget.Name = c.Assistant.Name + ", " + c.Widget.Name
	fill := demoWords(r, who, began)
	lines := talk.lines
	if r.IntN(8) == 0 { // some people leave
		lines = lines[:2+r.IntN(len(lines)-2)]
	}
	length := time.Duration(0)
	for i, line := range lines {
		sender, text, _ := strings.Cut(line, ": ")
		c.Messages = append(c.Messages, db.ArchivedMessage{SenderType: sender, MessageType: kind, Text: fill.Replace(text), CreatedAt: began.Add(length)})
		if length += time.Duration(2+r.IntN(4)) * time.Second; i%2 == 1 {
			length += time.Duration(5+r.IntN(40)) * time.Second
		}
	}
	// Nothing that was said lies in the future.
	if late := began.Add(length).Sub(now); late > 0 {
		began = began.Add(-late)
		for i := range c.Messages {
			c.Messages[i].CreatedAt = c.Messages[i].CreatedAt.Add(-late)
		}
	}
	c.CreatedAt = began
	if open := now.Sub(began) < 12*time.Hour || r.IntN(40) == 0; !open {
		c.ClosedAt = began.Add(length + time.Minute)
	}
	return c
}

// demoWords puts names and numbers into what is said.
func demoWords(r *rand.Rand, who db.ArchivedContact, began time.Time) *strings.Replacer {
	later := began.AddDate(0, 0, 2+r.IntN(9))
	return strings.NewReplacer(
		"{name}", who.FirstName,
		"{policy}", fmt.Sprintf("LH-%06d", 200000+r.IntN(700000)),
		"{claim}", fmt.Sprintf("C-%05d", 10000+r.IntN(90000)),
		"{day}", later.Format("Monday, 2 January"),
		"{time}", fmt.Sprintf("%d:%02d", 9+r.IntN(8), 15*r.IntN(4)),
		"{city}", pick(r, "Harbour Street", "the Old Mill", "Station Square", "Quay West"),
		"{car}", pick(r, "a blue hatchback", "a ten-year-old estate", "an electric city car", "a small van"),
		"{plate}", fmt.Sprintf("KX%02d %s", r.IntN(100), pick(r, "FGH", "LMN", "RST", "VWZ")),
		"{price}", fmt.Sprintf("%d.%02d", 18+r.IntN(60), r.IntN(100)),
		"{amount}", fmt.Sprint(120+10*r.IntN(90)),
	)
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
