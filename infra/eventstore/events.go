package eventstore

import (
	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/creditnote"
	"effigate/domain/exchange"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/numbering"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/domain/person"
	"effigate/domain/ratecard"
	"effigate/domain/slapolicy"
	"effigate/domain/ticket"
	"effigate/domain/timer"
	"effigate/domain/workcalendar"
)

// Opened is the first event that a store of ours gets. Its event id tells the store from every other.
type Opened struct{}

// Kind is the stored name.
func (Opened) Kind() string { return "store.opened.v1" }

// storeStream holds Opened, and nothing else.
const storeStream = "store"

// Product is the registry of everything the product stores. That it is sound does not depend on any
// input, so a fault in it is a programmer's error and panics; a test builds it.
func Product() *Registry {
	registry, err := NewRegistry(
		Aggregate{Name: "store", Samples: []domain.Event{Opened{}}},
		Aggregate{Name: "client", Samples: client.All()},
		Aggregate{Name: "person", Samples: person.All()},
		Aggregate{Name: "contract", Samples: contract.All()},
		Aggregate{Name: "issuer", Samples: issuer.All()},
		Aggregate{Name: "exchange", Samples: exchange.All()},
		Aggregate{Name: "invoice", Samples: invoice.All()},
		Aggregate{Name: "creditnote", Samples: creditnote.All()},
		Aggregate{Name: "payment", Samples: payment.All()},
		Aggregate{Name: "numbering", Samples: numbering.All()},
		Aggregate{Name: "ticket", Samples: ticket.All()},
		Aggregate{Name: "ratecard", Samples: ratecard.All()},
		Aggregate{Name: "slapolicy", Samples: slapolicy.All()},
		Aggregate{Name: "calendar", Samples: workcalendar.All()},
		Aggregate{Name: "period", Samples: period.All()},
		Aggregate{Name: "timer", Samples: timer.All()},
	)
	if err != nil {
		panic(err)
	}
	return registry
}
