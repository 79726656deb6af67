package main

import "github.com/insighto/insighto/db"

// speaker is an assistant of the demo, place one of its widgets.
type (
	speaker int
	place   int
)

const (
	byClaims speaker = iota
	byAppointments
	byQuotes
	byPolicies
	byFrontDesk
)

var demoAssistants = []string{"Claims helper", "Appointments", "Quotes", "Policy service", "Front desk"}

const (
	placeSite place = iota
	placeMembers
	placeMessenger
	placePhone
)

var demoWidgets = []db.ArchivedWidget{
	{Name: "website", Type: "chat", Provider: "web"},
	{Name: "members’ area", Type: "chat", Provider: "web"},
	{Name: "messenger", Type: "messaging", Provider: "whatsapp"},
	{Name: "telephone", Type: "phone", Provider: "sip"},
}

// demoTalk is one conversation with gaps for names and numbers. Each line starts with who says it.
type demoTalk struct {
	topic  string
	by     speaker
	places []place
	lines  []string
}

var demoTalks = []demoTalk{
	{"new claim", byClaims, []place{placeSite, placeMembers, placePhone}, []string{
		"bot: Hello, this is the claims desk of Lighthouse Insurance. What happened?",
		"user: Somebody backed into my car while it was parked. It is {car}, plate {plate}.",
		"bot: I am sorry to hear that. Was anybody hurt?",
		"user: No, I was not even there. They left a note with a number.",
		"bot: Good that nobody was hurt. Please keep the note. What is your policy number?",
		"user: {policy}",
		"bot: Thank you, {name}. I have opened claim {claim}. Send two photos of the damage whenever it suits you; an adjuster calls by {day}.",
		"user: Great, thanks for the quick help!",
	}},
	{"claim status", byClaims, []place{placeMembers, placeMessenger, placePhone}, []string{
		"user: Hi, is there anything new on my claim {claim}?",
		"bot: Let me look. Claim {claim} is with the adjuster, who has both photos and the garage’s estimate of {amount}.",
		"user: How much longer will that take?",
		"bot: The adjuster has until {day}. Payment follows two working days after the decision.",
		"user: OK. Can you tell me when it is decided?",
		"bot: I have noted it, {name}: you get a message the moment it is.",
	}},
	{"water damage", byClaims, []place{placeSite, placePhone}, []string{
		"user: The washing machine hose burst and the kitchen floor is soaked. What do I do?",
		"bot: First close the water tap and switch off the power near the puddle, if you can reach both safely. Are you able to?",
		"user: Done. The water is off.",
		"bot: Very good. Please take photos before you move anything. Is the flat below affected?",
		"user: The neighbour says there is a stain on the ceiling.",
		"bot: Then I note that too, so that it is settled together. Your claim is {claim}; a drying company can come on {day} at {time}. Shall I book it?",
		"user: Yes please.",
		"bot: Booked. Keep the hose, the adjuster will want to see it.",
	}},
	{"stolen bicycle", byClaims, []place{placeSite, placeMessenger}, []string{
		"user: My bike was stolen from the yard last night. Is that covered?",
		"bot: With contents insurance it is, when it was locked. Was it?",
		"user: Yes, with a folding lock to the rack.",
		"bot: Then please report it to the police today; we need the report’s number and, if you have it, the frame number.",
		"user: The frame number is on the receipt. I will go to the police now.",
		"bot: Thank you, {name}. Claim {claim} waits for both numbers. Up to {amount} is covered.",
	}},
	{"book an appointment", byAppointments, []place{placeSite, placeMembers, placePhone}, []string{
		"user: I would like to talk to somebody about insuring our house.",
		"bot: Gladly. At a branch, by telephone or by video?",
		"user: At a branch, in the afternoon if possible.",
		"bot: At {city} there is room on {day} at {time}. Does that suit you?",
		"user: Perfect.",
		"bot: You are booked, {name}. Please bring the floor plan if you have one; it makes the estimate better.",
		"user: Will do. Thank you.",
	}},
	{"move an appointment", byAppointments, []place{placeMembers, placeMessenger, placePhone}, []string{
		"user: I can’t make it to my appointment this week. Can we move it?",
		"bot: Of course. The next free times at {city} are {day} at {time}, and the day after at 9:00.",
		"user: {day} is fine.",
		"bot: Moved. You will get a reminder the evening before.",
	}},
	{"call me back", byAppointments, []place{placeSite, placeMessenger}, []string{
		"user: Could a human call me? This is complicated.",
		"bot: Yes. When is a good time, and on which number?",
		"user: Around {time}, on the number you have.",
		"bot: A colleague will call you on {day} around {time}. Is there anything they should read before?",
		"user: My letter about policy {policy}.",
		"bot: I have put it on their desk. Talk soon, {name}!",
	}},
	{"car quote", byQuotes, []place{placeSite, placeMessenger}, []string{
		"bot: Welcome! Shall I work out a price for you? Three questions are enough.",
		"user: Sure. It is for {car}.",
		"bot: How many kilometres a year, roughly, and who drives?",
		"user: About 12,000, only me and my wife. No accidents in eight years.",
		"bot: Nice record. Third party only, or with damage to your own car?",
		"user: With my own car, please.",
		"bot: That makes {price} a month with an excess of 300, or a little less with 500. Shall I send you the offer?",
		"user: Send me both, I’ll compare.",
		"bot: Both are on their way, {name}. They hold until {day}.",
	}},
	{"travel quote", byQuotes, []place{placeSite, placeMembers}, []string{
		"user: What does travel insurance cost for two weeks in Portugal? Two adults and a baby.",
		"bot: For three people and two weeks it is {price} in all, with treatment abroad, the way home and cancellation.",
		"user: Does it cover cancelling because the baby is ill?",
		"bot: Yes, with a note from a doctor, up to the full price of the journey.",
		"user: And when do I have to take it out?",
		"bot: Within 14 days of booking, or any time until 30 days before you leave.",
		"user: Good, I’ll take it out this week.",
	}},
	{"dog liability", byQuotes, []place{placeSite}, []string{
		"user: We got a puppy. Do we need insurance for it?",
		"bot: Congratulations! In many places liability insurance for dogs is required. Which breed is it?",
		"user: A mix, something with a lot of poodle.",
		"bot: Then it is {price} a year, and it covers whoever walks the dog as well.",
		"user: Even the neighbours’ kid?",
		"bot: Even the neighbours’ kid, from the age of 14.",
		"user: Ha, good to know. Please send me the papers.",
	}},
	{"change of address", byPolicies, []place{placeMembers, placePhone}, []string{
		"user: We are moving on {day}. What do you need from me?",
		"bot: The new address, and the floor space of the new flat if your contents are insured with us.",
		"user: It is 82 square metres. I’ll type the address in the form.",
		"bot: Thank you. Contents stay insured in both flats for two months, so nothing is missing on the day.",
		"user: Does the price change?",
		"bot: It goes from policy {policy}’s present rate to {price} a month, from the first of next month.",
	}},
	{"proof of insurance", byPolicies, []place{placeMembers, placeMessenger}, []string{
		"user: My landlord wants proof that I have liability insurance.",
		"bot: I can make that letter right away. To whom shall it be addressed?",
		"user: Just “to whom it may concern”.",
		"bot: Here it is: the letter for policy {policy} lies under Documents in your members’ area.",
		"user: Found it. That was fast.",
	}},
	{"cancel a policy", byPolicies, []place{placeMembers, placePhone}, []string{
		"user: I sold my car and want to end policy {policy}.",
		"bot: All right. When was the car taken off your name?",
		"user: Yesterday.",
		"bot: Then it ends yesterday, and you get back what you paid ahead: {price}.",
		"user: To my usual bank account?",
		"bot: Yes, by {day}. Thank you for the years with us, {name}.",
	}},
	{"question about a bill", byPolicies, []place{placeSite, placeMembers, placePhone}, []string{
		"user: Why is my bill higher this year? I had no accident.",
		"bot: Let me look at {policy}. Your own class got better, but repairs have become dearer for everybody; together that is {price} more a year.",
		"user: Is there anything I can do about it?",
		"bot: Two things: a higher excess saves about a tenth, and paying once a year instead of monthly saves another 4 %.",
		"user: Let’s do the yearly payment.",
		"bot: Changed from the next bill on. You will see it under Documents on {day}.",
	}},
	{"opening hours", byFrontDesk, []place{placeSite, placeMessenger, placePhone}, []string{
		"user: Are you open on Saturday?",
		"bot: The branch at {city} is open on Saturdays from 9:30 to 13:00. The others open again on Monday at 9:00.",
		"user: Do I need an appointment?",
		"bot: Not for handing something in. For advice I would book one, so that you need not wait.",
	}},
	{"where to park", byFrontDesk, []place{placeSite, placeMessenger}, []string{
		"user: How do I get to the branch at {city}? I can’t walk far.",
		"bot: There are two reserved places right at the door, and the entrance has no steps. The number 4 bus stops across the street.",
		"user: Wonderful. And is there a lift?",
		"bot: Everything is on the ground floor, {name}.",
		"user: See you then.",
	}},
	{"praise and blame", byFrontDesk, []place{placeSite}, []string{
		"user: I want to complain. I was on hold for forty minutes yesterday.",
		"bot: That is far too long, and I am sorry. May I ask what it was about, so that I can settle it now?",
		"user: Only whether my papers for {claim} arrived.",
		"bot: They arrived, both pages, and are readable. Nothing else is missing.",
		"user: Then why did nobody write?",
		"bot: You are right, we should have. I have passed that on, and you get a written answer by {day}.",
		"user: Thank you. That helps.",
	}},
	{"lost password", byFrontDesk, []place{placeMembers}, []string{
		"user: I can’t get into the members’ area any more.",
		"bot: Does it say that the password is wrong, or that there is no such person?",
		"user: The password is wrong. I might have changed it in spring.",
		"bot: On the sign-in page there is “New password”. The message goes to the address that we have for you.",
		"user: Got it, it works. Thanks!",
	}},
}
