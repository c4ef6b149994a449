package console

import (
	"context"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// contractsOnPage is how many contracts one page lists.
const contractsOnPage = 50

// contractStates are those that a list can be narrowed to, in the order of a contract's life.
var contractStates = []contract.Status{
	contract.StatusDraft, contract.StatusInReview, contract.StatusOffered, contract.StatusAccepted,
	contract.StatusActive, contract.StatusSuspended, contract.StatusExpired, contract.StatusTerminated,
}

// contractsView is a list of contracts, or the renewal queue.
type contractsView struct {
	Filter rows.ContractFilter
	Path   string // of the page itself
	Items  []rows.Scope
	Older  string // path of the next page; empty on the last
	Draft  bool   // the viewer may draft contracts
}

// contractView is one contract as far as the viewer may see it.
type contractView struct {
	fullContract
	Path       string
	Parts      []linePart
	Amendments []Amendment
	Versions   []TermsVersion
	Buckets    []bucketBody
	Periods    []rows.Period
	Steps      []rows.ContractStep
	Charged    []differenceBody // what the version in force says inside
	Names      map[string]string
	Acts       []contractAct // what the viewer may do next
	Form       typed
	Billed     *billedView // nil for a viewer who may not see invoices

	// What the viewer may do and see.
	Manage, Approve, SeeTerms, SeePeriods bool
}

// linePart is a line of the contract with its hours.
type linePart struct {
	terms.Line
	Hours    *rows.LineHours // nil while it has none
	Forecast *rows.Forecast  // nil while none was made
	Work     []workPart
	Schedule []schedulePart
}

// workPart is a job type with what was bought of it and what it took, in minutes.
type workPart struct {
	Name                  string
	Bought, Used, Waiting int64 // Bought is 0 when it shares the line's hours
}

// schedulePart is an entry of a fixed line's schedule.
type schedulePart struct {
	terms.Milestone
	Worth    string // empty for a viewer who may not see it
	Released *rows.MilestoneReleased
	Path     string // where it is released
}

func (c *Console) addContractPages() {
	showing(c, "/contracts", access.ReadContracts, c.viewContracts, contractsPage)
	showing(c, "/contracts/{id}", access.ReadContracts, c.viewContract, contractPage)
	showing(c, "/contracts/{id}/versions/{number}", access.ReadContracts, c.viewVersion, versionPage)
	showing(c, "/contracts/{id}/compare", access.ReadContracts, c.viewCompare, comparePage)
	c.addTermsPages()
	c.addAmendmentPages()
	c.addActs()
}

func (c *Console) viewContracts(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v contractsView, err error) {
	asked := request.URL.Query()
	v.Filter = rows.ContractFilter{Status: asked.Get("state"), Expiring: asked.Get("expiring") != "", Limit: contractsOnPage}
	if v.Filter.Status != "" && !slices.Contains(contractStates, contract.Status(v.Filter.Status)) {
		return v, wrongField("state", "must be one of a contract")
	}
	if v.Filter.Client, err = optionalID(asked.Get("client"), "client"); err != nil {
		return v, err
	}
	if v.Filter.After, err = optionalID(asked.Get("cursor"), "cursor"); err != nil {
		return v, err
	}
	items, next, err := rows.Contracts(ctx, tx, v.Filter, c.today())
	v.Items, v.Draft, v.Path = items, r.may(access.ManageContracts), contractsPath(v.Filter)
	if next != uuid.Nil {
		older := v.Filter
		older.After = next
		v.Older = contractsPath(older)
	}
	return v, err
}

// contractsPath is the list of contracts by a filter.
func contractsPath(f rows.ContractFilter) string {
	expiring := ""
	if f.Expiring {
		expiring = "on"
	}
	return query("/contracts", "client", idOf(f.Client), "state", f.Status, "expiring", expiring, "cursor", idOf(f.After))
}

// contractPath is the page of a contract.
func contractPath(id uuid.UUID) string { return "/contracts/" + id.String() }

func (c *Console) viewContract(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v contractView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.fullContract, err = c.contractInFull(ctx, tx, r, id); err != nil {
		return v, err
	}
	v.Path, v.Form = contractPath(id), blank()
	v.Manage, v.Approve = r.may(access.ManageContracts), r.may(access.ApproveContracts)
	v.SeeTerms, v.SeePeriods = r.may(access.ReadTerms), r.may(access.ReadPeriods)
	v.Parts, v.Acts = v.parts(), actsOn(r, v.Scope)
	if r.may(access.ReadInvoices) {
		if v.Billed, err = c.billed(ctx, tx, rows.InvoiceFilter{Contract: id}); err != nil {
			return v, err
		}
	}
	if err = c.readHistory(ctx, tx, r, id, &v); err != nil {
		return v, err
	}
	if v.SeeTerms {
		for _, said := range r.compare(terms.Terms{}, v.terms) {
			if said.Staff {
				v.Charged = append(v.Charged, said)
			}
		}
		if err = nameRefs(ctx, tx, v.Charged); err != nil {
			return v, err
		}
	}
	v.Names, err = c.people(ctx, tx, v.people())
	return v, err
}

// readHistory reads what has become of a contract.
func (c *Console) readHistory(ctx context.Context, tx pgx.Tx, r reader, id uuid.UUID, v *contractView) error {
	proposals, err := rows.Amendments(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, proposal := range proposals {
		item, err := r.amendment(proposal)
		if err != nil {
			return err
		}
		v.Amendments = append(v.Amendments, item)
	}
	versions, err := rows.Versions(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, version := range versions {
		v.Versions = append(v.Versions, r.version(version))
	}
	if v.Buckets, err = r.buckets(ctx, tx, id); err != nil {
		return err
	}
	if v.SeePeriods {
		if v.Periods, err = rows.PeriodsOf(ctx, tx, id); err != nil {
			return err
		}
	}
	if v.SeeTerms {
		v.Steps, err = rows.ContractSteps(ctx, tx, id, 50)
	}
	return err
}

// people are those whom the page names.
func (v contractView) people() []uuid.UUID {
	var ids []uuid.UUID
	for _, item := range v.Amendments {
		ids = append(ids, item.people()...)
	}
	for _, item := range v.Buckets {
		ids = append(ids, item.people()...)
	}
	for _, step := range v.Steps {
		ids = append(ids, given(step.Actor)...)
	}
	return ids
}

// parts puts the hours of a contract to its lines. Hours of a line that the terms no longer name stand under its
// key.
func (v contractView) parts() []linePart {
	var parts []linePart
	for _, line := range v.terms.Agreed.Lines {
		part := linePart{Line: line, Schedule: v.schedule(line)}
		for _, jobType := range line.JobTypes {
			work := workPart{Name: jobType.Name, Bought: int64(jobType.Minutes)}
			if i := slices.IndexFunc(v.Work, func(w rows.JobTypeHours) bool { return w.JobType == jobType.Key }); i >= 0 {
				work.Used, work.Waiting = v.Work[i].Drawn, v.Work[i].Waiting
				if !line.Type.HasHours() {
					work.Used = v.Work[i].Billed
				}
			}
			part.Work = append(part.Work, work)
		}
		parts = append(parts, part)
	}
	for i := range v.Lines {
		at := slices.IndexFunc(parts, func(p linePart) bool { return p.Key == v.Lines[i].Line })
		if at < 0 {
			at = len(parts)
			parts = append(parts, linePart{Line: terms.Line{Key: v.Lines[i].Line, Name: v.Lines[i].Line}})
		}
		parts[at].Hours = &v.Lines[i]
	}
	for i := range v.Forecasts {
		if at := slices.IndexFunc(parts, func(p linePart) bool { return p.Key == v.Forecasts[i].Line }); at >= 0 {
			parts[at].Forecast = &v.Forecasts[i]
		}
	}
	return parts
}

func (v contractView) schedule(line terms.Line) []schedulePart {
	var entries []schedulePart
	charge := v.terms.Staff.ChargeOf(line.Key)
	for _, milestone := range line.Milestones {
		entry := schedulePart{Milestone: milestone, Path: v.Path + "/milestones/" + line.Key + "/" + milestone.Key + "/release"}
		for _, amount := range charge.Amounts {
			if v.SeeTerms && amount.Milestone == milestone.Key {
				entry.Worth = amount.Amount.String() + " " + v.Currency
			}
		}
		for i, released := range v.Released {
			if released.Line == line.Key && released.Milestone == milestone.Key {
				entry.Released = &v.Released[i]
			}
		}
		entries = append(entries, entry)
	}
	return entries
}

// versionView is one version of a contract's terms, or the difference between two.
type versionView struct {
	rows.Scope
	Path        string // of the contract
	From, To    TermsVersion
	Differences []differenceBody
	Versions    []TermsVersion // to compare with
}

func (c *Console) viewVersion(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v versionView, err error) {
	if v, err = c.versions(ctx, tx, r, request); err != nil {
		return v, err
	}
	version, err := v.find(ctx, tx, chi.URLParam(request, "number"))
	if err != nil {
		return v, err
	}
	v.To, v.Differences = r.version(version), r.compare(terms.Terms{}, version.Terms)
	return v, nameRefs(ctx, tx, v.Differences)
}

func (c *Console) viewCompare(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v versionView, err error) {
	if v, err = c.versions(ctx, tx, r, request); err != nil {
		return v, err
	}
	before, err := v.find(ctx, tx, request.URL.Query().Get("from"))
	if err != nil {
		return v, err
	}
	after, err := v.find(ctx, tx, request.URL.Query().Get("to"))
	if err != nil {
		return v, err
	}
	v.From, v.To, v.Differences = r.version(before), r.version(after), r.compare(before.Terms, after.Terms)
	return v, nameRefs(ctx, tx, v.Differences)
}

// versions reads the contract that the path names, and which versions it has.
func (c *Console) versions(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v versionView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.Scope, err = rows.ContractByID(ctx, tx, id, c.today()); err != nil {
		return v, err
	}
	v.Path = contractPath(id)
	found, err := rows.Versions(ctx, tx, id)
	for _, version := range found {
		v.Versions = append(v.Versions, r.version(version))
	}
	return v, err
}

// find reads the version of a number that somebody typed.
func (v versionView) find(ctx context.Context, tx pgx.Tx, text string) (rows.TermsVersion, error) {
	number, err := wholeNumber(text)
	if err != nil {
		return rows.TermsVersion{}, domain.Refuse(domain.ErrNotFound, "no_such_version", "contract %s has no version %q", v.ID, text)
	}
	return rows.VersionByNumber(ctx, tx, v.ID, number)
}
