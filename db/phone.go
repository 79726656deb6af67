package db

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a telephone number, taken apart.
type Phone struct {
	E164     string // with its plus
	National string
	Country  string // the calling code's digits, e.g. 49
	Region   string // an ISO two-letter country, e.g. DE
}

// ParsePhone reads a number with its country's calling code, with or without the plus, however it is punctuated. A
// number that cannot exist is an Invalid error.
func ParsePhone(field, text string) (Phone, *Error) {
	wrong := invalid(field, "That is no telephone number with its country's code, such as +49 30 901820.")
	text = strings.TrimSpace(text)
	if len(text) > 40 {
		return Phone{}, wrong
	}
	if !strings.HasPrefix(text, "+") {
		text = "+" + strings.TrimPrefix(text, "00")
	}
	number, err := phonenumbers.Parse(text, "ZZ")
	if err != nil || !phonenumbers.IsPossibleNumber(number) || number.GetExtension() != "" {
		return Phone{}, wrong
	}
	region := phonenumbers.GetRegionCodeForNumber(number)
	if region == "" || region == "ZZ" { // possible, but of a range not given to anybody
		region = phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode()))
	}
	return Phone{
		E164:     phonenumbers.Format(number, phonenumbers.E164),
		National: phonenumbers.GetNationalSignificantNumber(number),
		Country:  strconv.Itoa(int(number.GetCountryCode())),
		Region:   region,
	}, nil
}
