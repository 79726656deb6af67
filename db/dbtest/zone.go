package dbtest

// Zones have whole, half and quarter hours, daylight saving of half an hour and across midnight, a day left out
// (Apia, 2011) and changes a minute past midnight (St. John's until 2011).
var Zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns",
	"Pacific/Apia", "America/Sao_Paulo", "America/Havana", "Africa/Casablanca", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Antarctica/Troll",
}
