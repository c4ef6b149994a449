package client_test

import (
	"testing"
	"time"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/client"
	"effigate/domain/visible"
)

func billing() client.Billing {
	return client.Billing{
		Party: bill.Party{Name: "Nexus Corp Pty Ltd", Address: []string{"9 Bridge Street"}, Country: "AU", TaxID: "53 004 085 616"},
	}
}

func describe(b client.Billing) client.DescribeBilling {
	return client.DescribeBilling{Billing: b, By: by, At: at}
}

func described(b client.Billing) client.BillingDescribed {
	return client.BillingDescribed{Staff: b, By: anna, At: at}
}

func TestDescribeBilling(t *testing.T) {
	t.Parallel()
	owing, exempt := billing(), billing()
	owing.Treatment, owing.TaxIDChecked = bill.ClientOwesIt, at
	exempt.Treatment, exempt.ExemptReason, exempt.Issuer = bill.TaxExempt, "Export of services", "abroad"
	for name, test := range map[string]struct {
		given []client.Event
		when  client.Billing
		then  []client.Event
	}{
		"say how it is invoiced": {[]client.Event{registered}, billing(), []client.Event{described(billing())}},
		"say the same again":     {[]client.Event{registered, described(billing())}, billing(), nil},
		"say otherwise":          {[]client.Event{registered, described(billing())}, owing, []client.Event{described(owing)}},
		"say it owes the tax":    {[]client.Event{registered}, owing, []client.Event{described(owing)}},
		"say it is exempt":       {[]client.Event{registered}, exempt, []client.Event{described(exempt)}},
		"take it back":           {[]client.Event{registered, described(billing()), described(owing)}, billing(), []client.Event{described(billing())}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(describe(test.when)).Then(t, test.then...)
		})
	}
	state := client.Decider.Fold(client.State{}, registered, described(billing()), described(exempt))
	if got := state.Billing(); !got.Party.Equal(exempt.Party) || got.Treatment != bill.TaxExempt || got.Issuer != "abroad" {
		t.Errorf("it is invoiced as %+v", got)
	}
}

func TestDescribeBillingRefusals(t *testing.T) {
	t.Parallel()
	given().When(describe(billing())).ThenRefused(t, domain.ErrNotFound, "no_such_client")
	for name, test := range map[string]struct {
		change func(b *client.Billing)
		fields []string
	}{
		"nobody":                   {func(b *client.Billing) { b.Party = bill.Party{} }, []string{"party.name", "party.country"}},
		"another form of issuer":   {func(b *client.Billing) { b.Issuer = "Main" }, []string{"issuer"}},
		"exempt without a reason":  {func(b *client.Billing) { b.Treatment = bill.TaxExempt }, []string{"exempt_reason"}},
		"a treatment of no kind":   {func(b *client.Billing) { b.Treatment = "kind" }, []string{"treatment"}},
		"a tax id nobody checked":  {func(b *client.Billing) { b.Treatment = bill.ClientOwesIt }, []string{"tax_id_checked"}},
		"checked tomorrow":         {func(b *client.Billing) { b.TaxIDChecked = at.Add(time.Second) }, []string{"tax_id_checked"}},
		"nothing that was checked": {func(b *client.Billing) { b.Party.TaxID, b.TaxIDChecked = "", at }, []string{"tax_id_checked"}},
		"owing without a tax id":   {func(b *client.Billing) { b.Treatment, b.Party.TaxID = bill.ClientOwesIt, "" }, []string{"treatment", "tax_id_checked"}},
		"an instant of another zone": {func(b *client.Billing) {
			b.TaxIDChecked = at.In(time.FixedZone("", 3600))
		}, []string{"tax_id_checked"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := billing()
			test.change(&wrong)
			given(registered).When(describe(wrong)).ThenInvalid(t, test.fields...)
		})
	}
	byClient := describe(billing())
	byClient.By = domain.Actor{Person: carol, Side: domain.ClientSide, Role: domain.ClientAdmin}
	given(registered).When(byClient).ThenInvalid(t, "by")
}

func TestHowAClientIsInvoicedIsNotShown(t *testing.T) {
	t.Parallel()
	record := visible.Organisation{Client: nexus.UUID, Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD", Seats: client.DefaultSeats}
	disclosed(registered, described(billing())).Then(t, visible.Put{Record: record})
}
