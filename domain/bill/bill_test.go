package bill_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/terms"
)

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func lineID(i int) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "line", strconv.Itoa(i)) }

// priced fills in an id and what the line comes to.
func priced(i int, currency money.Currency, l bill.Line) bill.Line {
	l.ID = lineID(i)
	l.Amount = bill.AmountOf(l, currency)
	l.Net = l.Amount
	return l
}

func worked(minutes int, price string) bill.Line {
	return bill.Line{Kind: bill.Time, Text: "Hours", Minutes: minutes, Unit: bill.Hour, UnitPrice: number(price)}
}

func piece(count, price string) bill.Line {
	return bill.Line{Kind: bill.Other, Text: "Other", Count: number(count), Unit: bill.Piece, UnitPrice: number(price)}
}

func taxed(category, percent string) bill.TaxRate {
	return bill.TaxRate{Category: category, Kind: bill.StandardRate, Percent: number(percent), Name: "Tax " + percent + " %"}
}

// draft is a sound draft of lines at one rate.
func draft(currency money.Currency, percent string, lines ...bill.Line) bill.Content {
	content := bill.Content{
		Contract: "CON-2024-018", Month: "2026-02", Currency: currency, Zone: "Australia/Sydney",
		Issuer: bill.Party{Name: "Harbour Works Pty Ltd", Country: "AU", TaxID: "51 824 753 556"},
		Client: bill.Party{Name: "Nexus Corp", Country: "AU", TaxID: "53 004 085 616"},
		Rates:  []bill.TaxRate{taxed("", percent)}, TaxDay: "2026-02-28",
	}
	for i, line := range lines {
		content.Lines = append(content.Lines, priced(i, currency, line))
	}
	return content
}

func finish(t *testing.T, c bill.Content) bill.Document {
	t.Helper()
	d, err := c.Finish("INV-2026-0041", "2026-03-17")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sums(d bill.Document) [3]string {
	exponent := d.Currency.Exponent()
	return [3]string{d.Net.StringFixed(exponent), d.Tax.StringFixed(exponent), d.Total.StringFixed(exponent)}
}

func nexus() bill.Content {
	c := draft("AUD", "10",
		bill.Line{Kind: bill.Time, Section: "Support", Text: "Hours, regular", Condition: hours.Regular, Minutes: 1710, Unit: bill.Hour, UnitPrice: number("120.00")},
		bill.Line{Kind: bill.Time, Section: "Support", Text: "Hours, after-hours", Condition: hours.AfterHours, Minutes: 180, Unit: bill.Hour, UnitPrice: number("180.00")},
		bill.Line{Kind: bill.Deduction, Text: "SLA deduction, ticket TKT-0041", Count: number("-1"), Unit: bill.Piece, UnitPrice: number("200.00")},
	)
	c.Payment = terms.Payment{Rule: terms.Net, Days: 14}
	c.Rates[0].Name = "GST 10 %"
	return c
}

// The deduction is taken off before tax: after tax the total would be 4,156.00 (X6).
func TestTheWorkedExample(t *testing.T) {
	t.Parallel()
	d := finish(t, nexus())
	type printed struct{ Text, Quantity, Price, Amount string }
	var got []printed
	for _, l := range d.Lines {
		got = append(got, printed{l.Text, l.Quantity, l.UnitPrice.StringFixed(2), l.Amount.StringFixed(2)})
	}
	want := []printed{
		{"Hours, regular", "28.50 h", "120.00", "3420.00"},
		{"Hours, after-hours", "3.00 h", "180.00", "540.00"},
		{"SLA deduction, ticket TKT-0041", "-1", "200.00", "-200.00"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if got, want := sums(d), [3]string{"3760.00", "376.00", "4136.00"}; got != want {
		t.Errorf("net, tax and total are %v, want %v", got, want)
	}
	if diff := cmp.Diff([]bill.Tax{{Kind: "S", Percent: number("10"), Name: "GST 10 %", Base: number("3760"), Amount: number("376")}}, d.Taxes); diff != "" {
		t.Errorf("taxes (-want +got):\n%s", diff)
	}
	if d.Due != "2026-03-31" || d.Terms != "Payable within 14 days" || !d.Payable.Equal(d.Total) || !d.Rounding.IsZero() {
		t.Errorf("due %s, %q, payable %s, rounding %s", d.Due, d.Terms, d.Payable, d.Rounding)
	}
}

// What is printed as quantity times what is printed as price is what is printed as amount (A50, A51).
func TestPrintedQuantity(t *testing.T) {
	t.Parallel()
	day := func(minutes, dayMinutes int, price string) bill.Line {
		return bill.Line{Minutes: minutes, Unit: bill.Day, DayMinutes: dayMinutes, UnitPrice: number(price)}
	}
	for _, test := range []struct {
		line             bill.Line
		currency         money.Currency
		quantity, amount string
	}{
		{worked(208, "15.00"), "EUR", "3 h 28 min", "52.00"},
		{worked(25, "34.34"), "EUR", "25 min", "14.31"},
		{worked(-25, "34.34"), "EUR", "-25 min", "-14.31"},
		{worked(30, "27.50"), "EUR", "0.50 h", "13.75"},
		{worked(3, "100"), "EUR", "0.05 h", "5.00"},
		{worked(-90, "100"), "EUR", "-1.50 h", "-150.00"},
		{worked(0, "100"), "EUR", "0.00 h", "0.00"},
		{worked(61, "1000"), "JPY", "1 h 1 min", "1017"},
		{worked(61, "1"), "KWD", "1 h 1 min", "1.017"},
		{day(720, 480, "960"), "EUR", "1.50 d", "1440.00"},
		{day(432, 480, "960"), "EUR", "0.90 d", "864.00"},
		{day(433, 480, "960"), "EUR", "7 h 13 min", "866.00"},
		{day(12, 480, "960"), "EUR", "12 min", "24.00"},
		{day(456, 456, "800"), "EUR", "1.00 d", "800.00"},
		{piece("-1", "200"), "AUD", "-1", "-200.00"},
		{piece("0.77", "48.00"), "EUR", "0.77", "36.96"},
		{piece("1", "0.125"), "EUR", "1", "0.13"},
		{piece("-1", "0.125"), "EUR", "-1", "-0.13"},
	} {
		quantity, amount := bill.Printed(test.line), bill.AmountOf(test.line, test.currency).StringFixed(test.currency.Exponent())
		if quantity != test.quantity || amount != test.amount {
			t.Errorf("%d min, %s × %s: %q comes to %s, want %q and %s", test.line.Minutes, test.line.Count, test.line.UnitPrice, quantity, amount, test.quantity, test.amount)
		}
	}
}

// Two quarters of an hour make a line of 13.75; as entries they must not make 13.76 (A52).
func TestSharesAddUpToTheLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		amount  string
		weights []string
		want    []string
	}{
		"two halves of an odd cent": {"13.75", []string{"15", "15"}, []string{"6.88", "6.87"}},
		"taken back":                {"-13.75", []string{"-15", "-15"}, []string{"-6.88", "-6.87"}},
		"nothing":                   {"0", []string{"15", "0"}, []string{"0", "0"}},
		"without weights":           {"0.01", []string{"0", "0"}, []string{"0.01", "0"}},
		"of nobody":                 {"0", nil, nil},
	} {
		var weights []decimal.Decimal
		for _, weight := range test.weights {
			weights = append(weights, number(weight))
		}
		var got []string
		for _, share := range bill.Share(number(test.amount), "EUR", weights) {
			got = append(got, share.String())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	twoRates := func(net string) bill.Content {
		c := draft("CAD", "5", piece("1", net), piece("1", net))
		c.Lines[0].TaxCategory, c.Lines[1].TaxCategory = "gst", "qst"
		c.Rates = []bill.TaxRate{taxed("gst", "5"), taxed("qst", "9.975")}
		return c
	}
	treated := func(t bill.Treatment) bill.Content {
		c := nexus()
		c.Treatment, c.ExemptReason = t, "Export of services"
		return c
	}
	swiss := draft("CHF", "8.1", piece("1", "92.48"))
	swiss.RoundTo = number("0.05")
	inclusive := func(currency money.Currency, percent string, lines ...bill.Line) bill.Content {
		c := draft(currency, percent, lines...)
		c.Inclusive = true
		return c
	}
	for name, test := range map[string]struct {
		content bill.Content
		want    [3]string
		payable string
	}{
		"half a cent goes up (A53)":                   {draft("CAD", "9.975", piece("1", "8180.00")), [3]string{"8180.00", "815.96", "8995.96"}, "8995.96"},
		"two rates (A54)":                             {twoRates("140.00"), [3]string{"280.00", "20.97", "300.97"}, "300.97"},
		"two rates of more (A54)":                     {twoRates("1140.00"), [3]string{"2280.00", "170.72", "2450.72"}, "2450.72"},
		"a discount before tax (A55)":                 {draft("EUR", "19", piece("1", "8500.00"), piece("-1", "7500.00")), [3]string{"1000.00", "190.00", "1190.00"}, "1190.00"},
		"tax on the sum, not on each line (A56)":      {lago(), [3]string{"279.16", "55.83", "334.99"}, "334.99"},
		"no decimals":                                 {draft("JPY", "10", piece("1", "105"), piece("1", "100")), [3]string{"205", "21", "226"}, "226"},
		"three decimals":                              {draft("KWD", "5", piece("1", "10.015")), [3]string{"10.015", "0.501", "10.516"}, "10.516"},
		"rounded to what coins there are":             {swiss, [3]string{"92.48", "7.49", "99.97"}, "99.95"},
		"prices with tax":                             {inclusive("EUR", "19", piece("1", "119.00"), piece("1", "0.99")), [3]string{"100.83", "19.16", "119.99"}, "119.99"},
		"prices with tax and a deduction":             {inclusive("AUD", "10", piece("1", "110.00"), piece("-1", "55.00")), [3]string{"50.00", "5.00", "55.00"}, "55.00"},
		"prices with tax that make nothing":           {inclusive("AUD", "10", piece("1", "110.00"), piece("-1", "110.00")), [3]string{"0.00", "0.00", "0.00"}, "0"},
		"an exempt client (F41)":                      {treated(bill.TaxExempt), [3]string{"3760.00", "0.00", "3760.00"}, "3760"},
		"a client who owes the tax himself (F41)":     {treated(bill.ClientOwesIt), [3]string{"3760.00", "0.00", "3760.00"}, "3760"},
		"no figure like 141.26000000000002 (A59)":     {draft("EUR", "0.1", piece("3", "0.1"), piece("1", "140.96")), [3]string{"141.26", "0.14", "141.40"}, "141.4"},
		"hundreds of short records as they are (A57)": {draft("EUR", "20", worked(700*7, "61.00")), [3]string{"4981.67", "996.33", "5978.00"}, "5978"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := finish(t, test.content)
			if got := sums(d); got != test.want || !d.Payable.Equal(number(test.payable)) {
				t.Errorf("net, tax and total are %v, payable %s; want %v, %s", got, d.Payable, test.want, test.payable)
			}
		})
	}
}

// One entry per record, 7 minutes each: what the entries say adds up to what the line does (A57).
func TestNoMinuteIsLost(t *testing.T) {
	t.Parallel()
	line := worked(700*7, "61.00")
	weights := make([]decimal.Decimal, 700)
	for i := range weights {
		weights[i] = decimal.NewFromInt(7)
	}
	sum := decimal.Zero
	for _, share := range bill.Share(bill.AmountOf(line, "EUR"), "EUR", weights) {
		sum = sum.Add(share)
	}
	if want := number("4981.67"); !sum.Equal(want) {
		t.Errorf("entries add up to %s, want %s", sum, want)
	}
}

func TestTaxesAreNamed(t *testing.T) {
	t.Parallel()
	exempt := nexus()
	exempt.Treatment, exempt.ExemptReason = bill.TaxExempt, "Export of services"
	owing := nexus()
	owing.Treatment = bill.ClientOwesIt
	mixed := draft("EUR", "19", piece("1", "10"), piece("1", "20"), piece("1", "30"), piece("1", "40"))
	mixed.DefaultCategory = "usual"
	mixed.Rates = []bill.TaxRate{
		{Category: "books", Kind: bill.ZeroRate, Name: "Zero rated"},
		{Category: "export", Kind: bill.Exempt, Name: "Exempt", Reason: "Export"},
		{Category: "care", Kind: bill.Exempt, Name: "Exempt", Reason: "Care"},
		taxed("usual", "19"), taxed("other", "7"),
	}
	for i, category := range []string{"care", "", "books", "export"} {
		mixed.Lines[i].TaxCategory = category
	}
	for name, test := range map[string]struct {
		content bill.Content
		want    []bill.Tax
	}{
		"exempt":         {exempt, []bill.Tax{{Kind: "E", Name: "Tax exempt", Reason: "Export of services", Base: number("3760")}}},
		"reverse charge": {owing, []bill.Tax{{Kind: "AE", Name: "Reverse charge", Reason: "The recipient owes the tax", Base: number("3760")}}},
		"one for each kind and percentage, in a fixed order": {mixed, []bill.Tax{
			{Kind: "S", Percent: number("19"), Name: "Tax 19 %", Base: number("20"), Amount: number("3.8")},
			{Kind: "Z", Name: "Zero rated", Base: number("30")},
			{Kind: "E", Name: "Exempt", Reason: "Export; Care", Base: number("50")},
		}},
	} {
		if diff := cmp.Diff(test.want, finish(t, test.content).Taxes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A due day is the issuer's day. It is over at the issuer's midnight, see visible.Label (A62).
func TestDue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		payment      terms.Payment
		date         calendar.Date
		businessDays bool
		want         calendar.Date
		words        string
	}{
		"on receipt":               {terms.Payment{}, "2026-03-17", false, "2026-03-17", "Payable on receipt"},
		"a day":                    {terms.Payment{Rule: terms.Net, Days: 1}, "2026-03-31", false, "2026-04-01", "Payable within 1 day"},
		"30 days":                  {terms.Payment{Rule: terms.Net, Days: 30}, "2026-01-31", false, "2026-03-02", "Payable within 30 days"},
		"the end of the month":     {terms.Payment{Rule: terms.EndOfMonth}, "2024-02-10", false, "2024-02-29", "Payable by the end of the month"},
		"14 days after":            {terms.Payment{Rule: terms.EndOfMonth, Days: 14}, "2026-02-28", false, "2026-03-14", "Payable 14 days after the end of the month"},
		"a Saturday":               {terms.Payment{Rule: terms.Net, Days: 4}, "2026-03-17", true, "2026-03-23", "Payable within 4 days"},
		"a Sunday":                 {terms.Payment{Rule: terms.Net, Days: 5}, "2026-03-17", true, "2026-03-23", "Payable within 5 days"},
		"a Monday":                 {terms.Payment{Rule: terms.Net, Days: 6}, "2026-03-17", true, "2026-03-23", "Payable within 6 days"},
		"a Sunday that may be":     {terms.Payment{Rule: terms.Net, Days: 5}, "2026-03-17", false, "2026-03-22", "Payable within 5 days"},
		"the last day of the year": {terms.Payment{Rule: terms.Net, Days: 1}, "2026-12-31", false, "2027-01-01", "Payable within 1 day"},
	} {
		content := nexus()
		content.Payment, content.BusinessDays = test.payment, test.businessDays
		d, err := content.Finish("INV-1", test.date)
		if err != nil || d.Due != test.want || d.Terms != test.words || bill.DueOn(test.payment, test.date, test.businessDays) != test.want {
			t.Errorf("%s: due %s, %q, %v; want %s, %q", name, d.Due, d.Terms, err, test.want, test.words)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(c *bill.Content)
		field  string
	}{
		"sound":                     {func(*bill.Content) {}, ""},
		"no contract":               {func(c *bill.Content) { c.Contract = "" }, "contract"},
		"no month":                  {func(c *bill.Content) { c.Month = "2026-13" }, "month"},
		"a currency of no country":  {func(c *bill.Content) { c.Currency = "XXX" }, "currency"},
		"no zone":                   {func(c *bill.Content) { c.Zone = "" }, "zone"},
		"a nameless client":         {func(c *bill.Content) { c.Client.Name = "" }, "client.name"},
		"no country":                {func(c *bill.Content) { c.Issuer.Country = "au" }, "issuer.country"},
		"a long address":            {func(c *bill.Content) { c.Client.Address = make([]string, bill.MaxAddress+1) }, "client.address"},
		"no e-mail address":         {func(c *bill.Content) { c.Client.Email = "billing" }, "client.email"},
		"two lines in an account":   {func(c *bill.Content) { c.Account.Number = "1\n2" }, "account.number"},
		"payment some day":          {func(c *bill.Content) { c.Payment.Rule = "some_day" }, "payment"},
		"payment in years":          {func(c *bill.Content) { c.Payment.Days = 366 }, "payment"},
		"another treatment":         {func(c *bill.Content) { c.Treatment = "kind" }, "treatment"},
		"exempt without a reason":   {func(c *bill.Content) { c.Treatment = bill.TaxExempt }, "exempt_reason"},
		"reverse charge of nobody":  {func(c *bill.Content) { c.Treatment, c.Client.TaxID = bill.ClientOwesIt, "" }, "treatment"},
		"a unit of half a cent":     {func(c *bill.Content) { c.RoundTo = number("0.005") }, "round_to"},
		"no tax day":                {func(c *bill.Content) { c.TaxDay = "" }, "tax_day"},
		"a percentage above 100":    {func(c *bill.Content) { c.Rates[0].Percent = number("100.1") }, "rates"},
		"five decimals of it":       {func(c *bill.Content) { c.Rates[0].Percent = number("9.97501") }, "rates"},
		"nothing as standard rate":  {func(c *bill.Content) { c.Rates[0].Percent = decimal.Zero }, "rates"},
		"exempt at 10 percent":      {func(c *bill.Content) { c.Rates[0].Kind, c.Rates[0].Reason = bill.Exempt, "So" }, "rates"},
		"a rate without a name":     {func(c *bill.Content) { c.Rates[0].Name = "" }, "rates"},
		"a rate from tomorrow":      {func(c *bill.Content) { c.Rates[0].From = "2026-03-01" }, "rates"},
		"two rates of a category":   {func(c *bill.Content) { c.Rates = append(c.Rates, c.Rates[0]); c.Rates[1].From = "2026-01-01" }, "rates"},
		"wording in two lines":      {func(c *bill.Content) { c.Wording = []string{"a\nb"} }, "wording"},
		"too much wording":          {func(c *bill.Content) { c.Wording = make([]string, bill.MaxWording+1) }, "wording"},
		"no digest":                 {func(c *bill.Content) { c.EntriesSHA256 = "abc" }, "entries_sha256"},
		"no lines":                  {func(c *bill.Content) { c.Lines = nil }, "lines"},
		"too many lines":            {func(c *bill.Content) { c.Lines = make([]bill.Line, bill.MaxLines+1) }, "lines"},
		"a line without id":         {func(c *bill.Content) { c.Lines[0].ID = uuid.Nil }, "lines"},
		"one line twice":            {func(c *bill.Content) { c.Lines[1] = c.Lines[0] }, "lines"},
		"a line of no kind":         {func(c *bill.Content) { c.Lines[0].Kind = "gift" }, "lines"},
		"a line without text":       {func(c *bill.Content) { c.Lines[0].Text = "" }, "lines"},
		"a long text":               {func(c *bill.Content) { c.Lines[0].Text = strings.Repeat("ß", bill.MaxText+1) }, "lines"},
		"a line of no unit":         {func(c *bill.Content) { c.Lines[0].Unit = "month" }, "lines"},
		"days without length":       {func(c *bill.Content) { c.Lines[0].Unit = bill.Day }, "lines"},
		"minutes of a piece":        {func(c *bill.Content) { c.Lines[2].Minutes = 3 }, "lines"},
		"pieces of time":            {func(c *bill.Content) { c.Lines[0].Count = number("1") }, "lines"},
		"another condition":         {func(c *bill.Content) { c.Lines[0].Condition = "full_moon" }, "lines"},
		"days that end early":       {func(c *bill.Content) { c.Lines[0].From, c.Lines[0].Until = "2026-02-02", "2026-02-01" }, "lines"},
		"another amount":            {func(c *bill.Content) { c.Lines[0].Amount = number("3420.01") }, "lines"},
		"an endless price":          {func(c *bill.Content) { c.Lines[0].UnitPrice = decimal.New(1, 2_000_000_000) }, "lines"},
		"a fine price":              {func(c *bill.Content) { c.Lines[0].UnitPrice = number("1.0000001") }, "lines"},
		"a category without a rate": {func(c *bill.Content) { c.Lines[0].TaxCategory = "books" }, "lines"},
		"no rate by default":        {func(c *bill.Content) { c.DefaultCategory = "books" }, "lines"},
		"too many entries":          {func(c *bill.Content) { c.Lines[0].Entries = bill.MaxEntries + 1 }, "lines"},
		"less than nothing":         {func(c *bill.Content) { c.Lines = c.Lines[2:] }, "lines"},
		"less than nothing for the tax alone": {func(c *bill.Content) {
			c.Lines[0] = priced(0, "AUD", piece("1", "200"))
			c.Lines[0].TaxCategory, c.Lines = "free", []bill.Line{c.Lines[0], c.Lines[2]}
			c.Rates = append(c.Rates, bill.TaxRate{Category: "free", Kind: bill.ZeroRate, Name: "Free"})
			c.Lines[0].TaxCategory = "free"
		}, "lines"},
		"more than an event holds": {func(c *bill.Content) {
			for i := range bill.MaxLines {
				l := priced(i+10, "AUD", piece("1", "1"))
				l.Text, l.Section = strings.Repeat("\u65e5", bill.MaxText), strings.Repeat("\u65e5", bill.MaxText)
				c.Lines = append(c.Lines[:min(len(c.Lines), bill.MaxLines-1)], l)
			}
		}, "lines"},
		"too many by hand": {func(c *bill.Content) {
			for i := range bill.MaxManual + 1 {
				l := priced(i+10, "AUD", piece("1", "1"))
				l.Kind = bill.Manual
				c.Lines = append(c.Lines, l)
			}
		}, "lines"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := nexus()
			test.change(&content)
			wrong := content.Check()
			_, err := content.Finish("", "2026-03-17")
			if _, found := wrong[test.field]; len(wrong) == 0 != (test.field == "") || test.field != "" && (!found || len(wrong) != 1) {
				t.Errorf("wrong are %v, want %q", wrong, test.field)
			}
			if refused := errors.Is(err, domain.ErrInvalid); refused != (test.field != "") {
				t.Errorf("finished with %v", err)
			}
		})
	}
	if _, err := nexus().Finish("INV-1", "tomorrow"); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("finished on no day: %v", err)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"INV-2026-0041":  bill.Number("INV", 2026, 41),
		"INV-2026-9999":  bill.Number("INV", 2026, 9999),
		"CN-2026-123456": bill.Number("CN", 2026, 123456),
	} {
		if got != want {
			t.Errorf("number %s, want %s", got, want)
		}
	}
}

func TestCanonicalForm(t *testing.T) {
	t.Parallel()
	content := nexus()
	content.Client.Name, content.Client.Address, content.Wording = "Käse \u2028 & <Söhne>", []string{}, []string{"Danke."}
	d := finish(t, content)
	text := d.Canonical()
	read, err := bill.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, read); diff != "" || read.SHA256() != d.SHA256() {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	for i := range content.Lines { // The same numbers, written otherwise.
		content.Lines[i].UnitPrice = number(content.Lines[i].UnitPrice.StringFixed(5))
		content.Lines[i].Amount = number(content.Lines[i].Amount.String())
	}
	if other := finish(t, content); other.SHA256() != d.SHA256() {
		t.Errorf("equal documents differ:\n%s\n%s", other.Canonical(), text)
	}
	for name, change := range map[string]func(string) string{
		"a space":          func(s string) string { return strings.Replace(s, ":", ": ", 1) },
		"an unknown field": func(s string) string { return strings.Replace(s, "{", `{"cost":"1",`, 1) },
		"a spare zero":     func(s string) string { return strings.Replace(s, `"4136"`, `"4136.0"`, 1) },
		"a second value":   func(s string) string { return s + "{}" },
		"an endless value": func(s string) string { return strings.Replace(s, `"4136"`, `"1e9999"`, 1) },
		"a huge text":      func(s string) string { return s + strings.Repeat(" ", 1<<20) },
		"nothing":          func(string) string { return "" },
	} {
		if _, err := bill.Parse([]byte(change(string(text)))); !errors.Is(err, bill.ErrNotCanonical) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	d, err := nexus().Finish("INV-2026-0041", "2026-03-17")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d.Canonical())
	f.Add([]byte(`{"net":"1e99999"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if read, err := bill.Parse(text); err == nil && string(read.Canonical()) != string(text) {
			t.Errorf("read %s as %s", text, read.Canonical())
		}
	})
}

func entries(count int) []bill.Entry {
	list := make([]bill.Entry, count)
	for i := range list {
		list[i] = bill.Entry{
			ID: lineID(i), Line: lineID(0), Day: "2026-02-03", Text: strings.Repeat("x", 200), Amount: number("1.10"),
			Staff: bill.EntryStaff{Row: "api", Why: []string{"the card of the client"}},
		}
	}
	return list
}

func TestDigestIsThatOfWhatIsShown(t *testing.T) {
	t.Parallel()
	list := entries(3)
	digest := bill.Digest(list)
	list[1].Staff = bill.EntryStaff{}
	if list[2].Amount = number("1.1"); bill.Digest(list) != digest {
		t.Error("another internal part, or another way to write a number, changes the digest")
	}
	if list[2].Amount = number("1.2"); bill.Digest(list) == digest {
		t.Error("another amount leaves the digest as it was")
	}
	list = entries(3)
	if list[0], list[1] = list[1], list[0]; bill.Digest(list) == digest {
		t.Error("another order leaves the digest as it was")
	}
	if list[0].Staff.Row == "" {
		t.Error("the digest takes the internal part away from the entries themselves")
	}
}

func TestChunks(t *testing.T) {
	t.Parallel()
	list := entries(5000)
	list[700].Text = strings.Repeat("y", bill.MaxChunk)
	var joined []bill.Entry
	chunks := bill.Chunks(list)
	for i, chunk := range chunks {
		text, err := json.Marshal(chunk)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > bill.MaxChunk && len(chunk) > 1 {
			t.Errorf("chunk %d has %d bytes", i, len(text))
		}
		joined = append(joined, chunk...)
	}
	if len(joined) != len(list) || bill.Digest(joined) != bill.Digest(list) || len(chunks) < 4 || len(chunks) > 8 {
		t.Errorf("%d chunks have %d entries", len(chunks), len(joined))
	}
	if bill.Chunks(nil) != nil {
		t.Error("nothing makes chunks")
	}
}
