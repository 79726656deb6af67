package main

import (
	"fmt"

	"github.com/insighto/insighto/db"
)

// demoNames are given names and family names by script; all of them are made up of common ones.
var demoNames = []struct{ given, family []string }{
	{[]string{"Amelia", "José", "Zoë", "Łukasz", "Siobhán", "Jürgen"}, []string{"Ferreira", "Nowak", "O’Brien", "Müller", "Åkesson", "d’Angelo"}},
	{[]string{"Nguyễn", "Đặng", "Gülşah", "İbrahim", "Þóra", "Māra"}, []string{"Trần", "Phạm", "Yıldız", "Öztürk", "Jónsdóttir", "Bērziņa"}},
	{[]string{"Олена", "Дмитро", "Наталья", "Богдан"}, []string{"Шевченко", "Коваленко", "Иванова", "Петров"}},
	{[]string{"Ελένη", "Γιώργος", "Μαρία"}, []string{"Παπαδοπούλου", "Νικολάου", "Αντωνίου"}},
	{[]string{"فاطمة", "يوسف", "ليلى", "داریوش"}, []string{"الحسن", "منصور", "حداد", "رضایی"}},
	{[]string{"נועה", "איתן", "תמר"}, []string{"לוי", "כהן", "מזרחי"}},
	{[]string{"प्रिया", "अर्जुन", "सुनीता"}, []string{"शर्मा", "पटेल", "वर्मा"}},
	{[]string{"மீனா", "கார்த்திக்"}, []string{"குமார்", "ராஜன்"}},
	{[]string{"伟", "秀英", "志明", "雅婷"}, []string{"王", "李", "陳", "張"}},
	{[]string{"さくら", "健太", "美咲"}, []string{"佐藤", "鈴木", "高橋"}},
	{[]string{"서연", "민준", "지우"}, []string{"김", "박", "최"}},
	{[]string{"สมชาย", "มาลี"}, []string{"ใจดี", "แสงทอง"}},
	{[]string{"ნინო", "გიორგი"}, []string{"ბერიძე", "კაპანაძე"}},
	{[]string{"Անի", "Արամ"}, []string{"Սարգսյան", "Պետրոսյան"}},
	{[]string{"ሰላም", "አበበ"}, []string{"ተስፋዬ", "በቀለ"}},
	{[]string{"Thandiwe", "Kwame", "Amara", "Oluwaseun"}, []string{"Dlamini", "Mensah", "Eze", "Adébáyò"}},
}

// demoContactList gives people of many scripts. One in four has only an e-mail address, one in four only a telephone.
func demoContactList() []db.ArchivedContact {
	contacts := make([]db.ArchivedContact, demoContacts)
	for n := range contacts {
		names := demoNames[n%len(demoNames)]
		round := n / len(demoNames)
		c := db.ArchivedContact{
			ID:        demoID("contact", n),
			FirstName: names.given[round%len(names.given)],
			LastName:  names.family[(round+round/len(names.given))%len(names.family)],
		}
		c.Email = fmt.Sprintf("contact%d@example.com", n+1)
		email := fmt.Sprintf(`"email":%q`, c.Email)
		// 555-0100 to 555-0199 are numbers that nobody has.
		number := fmt.Sprintf("%d55501%02d", 202+n/100, n%100)
		phone := fmt.Sprintf(`"telephone":"+1%s","national_number":%q,"country_code":"1","dial_code":"US"`, number, number)
		switch n % 4 {
		case 0:
			c.Channels = "{" + email + "}"
		case 1:
			c.Email, c.Channels = "", "{"+phone+"}"
		default:
			c.Channels = "{" + email + "," + phone + "}"
		}
		contacts[n] = c
	}
	return contacts
}
