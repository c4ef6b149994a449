package contract

import (
	"effigate/domain"
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a contract in order to tell what its client sees.
type Disclosure struct {
	contract  domain.ContractID
	client    domain.ClientID
	reference string
	kind      Type
	jobTypes  []JobType
	active    bool
}

// Disclose folds one event and yields what changes for the client: the contract and its job types while
// it is in force. A draft is not shown, and its support level never is.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	next := d.learn(e)
	return next, visible.Diff(d.shown(), next.shown())
}

func (d Disclosure) shown() visible.Shown {
	if !d.active {
		return nil
	}
	records := []visible.Record{visible.Contract{
		Client:    d.client.UUID,
		ID:        d.contract.UUID,
		Reference: d.reference,
		Type:      string(d.kind),
	}}
	for _, jobType := range d.jobTypes {
		records = append(records, visible.Category{
			Client:   d.client.UUID,
			ID:       domain.CategoryID(d.contract, jobType.Key),
			Contract: d.contract.UUID,
			JobType:  jobType.Key,
			Name:     jobType.Name,
		})
	}
	return visible.Show(records...)
}

func (d Disclosure) learn(e Event) Disclosure {
	switch e := e.(type) {
	case Drafted:
		d.contract, d.client = e.Contract, e.Client
		d.reference, d.kind, d.jobTypes = e.Reference, e.Type, e.JobTypes
	case Activated:
		d.active = true
	case Terminated:
		d.active = false
	}
	return d
}
