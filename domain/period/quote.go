package period

import "effigate/domain"

// Quote is what an entry would count for as the record of that id under the pin of its day, by the very rules that
// approve it: it is split, rounded and priced, and nothing is decided. The entry need not be one that Log takes.
//
// It refuses with domain.ErrConflict a job type that the contract doesn't cover, what cannot be split, and hours that
// a rate must charge while there is none ("rate_missing").
func (s State) Quote(id domain.TimeID, e Entry) (TimeApproved, error) {
	record := s.record(e)
	return s.pinOn(record.Day).count(id, record)
}
