// Package access is the one table of who may do what (product rule F54): commands, reads, pages, the
// scopes of API keys, the matrix in the documentation and the tests of access all follow from it.
//
// It imports the domain only and decides nothing about a single thing: whether a ticket is a person's own
// is asked of the ticket, by the use case or the query that the scope tells to ask.
package access

import (
	"fmt"
	"slices"

	"effigate/domain"
)

// Permission is one thing that somebody may be allowed to do. Its text is also the scope of an API key
// that may do it.
type Permission string

// The permissions.
const (
	OwnAccount       Permission = "account.own"    // see oneself, one's sessions, keys and factors; log out
	SecureAccount    Permission = "account.secure" // change password, e-mail, factors, sessions and keys
	FollowChanges    Permission = "changes.follow" // hear the names of what changes
	ReadClients      Permission = "clients.read"   // the organisations
	RegisterClients  Permission = "clients.register"
	ManageClients    Permission = "clients.manage"    // its name
	AssignManagers   Permission = "clients.assign"    // whose clients they are: it gives the scope OwnClients
	SetLoginRules    Permission = "clients.login"     // how an organisation's people log in, and its seats
	ReadContracts    Permission = "contracts.read"    // scope and hours
	ReadTerms        Permission = "contracts.terms"   // how it is charged
	ManageContracts  Permission = "contracts.manage"  // draft, propose, offer
	ApproveContracts Permission = "contracts.approve" // activate, suspend, end; approve amendments; grant and adjust hours
	AcceptContracts  Permission = "contracts.accept"  // agree to what the firm offers
	ReadRates        Permission = "rates.read"
	SummariseRates   Permission = "rates.summary" // the cards there are, and what they span
	ManageRates      Permission = "rates.manage"
	ReadCosts        Permission = "costs.read"
	ManageCosts      Permission = "costs.manage"
	ReadPolicies     Permission = "policies.read" // SLA policies and calendars
	ManagePolicies   Permission = "policies.manage"
	ReadTime         Permission = "time.read"
	LogTime          Permission = "time.log" // own
	ApproveTime      Permission = "time.approve"
	ImportTime       Permission = "time.import"
	ReadPeriods      Permission = "periods.read"   // billing periods with what they are worth
	ManagePeriods    Permission = "periods.manage" // close, correct, charge
	ReadTickets      Permission = "tickets.read"
	RaiseTickets     Permission = "tickets.raise"
	CommentTickets   Permission = "tickets.comment"
	ReopenTickets    Permission = "tickets.reopen"
	WorkTickets      Permission = "tickets.work" // triage, assign, note, wait, merge, split, link, resolve, close
	PublishTickets   Permission = "tickets.publish"
	ImportTickets    Permission = "tickets.import"
	WatchTickets     Permission = "tickets.watch"       // be told of them
	Acknowledge      Permission = "tickets.acknowledge" // answer an escalation
	EraseFiles       Permission = "tickets.erase"       // files, for good
	MoveTickets      Permission = "tickets.move"        // to the organisation they should have had
	EstimateScope    Permission = "tickets.scope"       // ask the client about work that it has not bought
	ExcuseBreaches   Permission = "sla.excuse"          // say that a missed promise does not count
	DecideDeductions Permission = "deductions.decide"
	ReadInvoices     Permission = "invoices.read"
	DraftInvoices    Permission = "invoices.draft"   // draft, adjust, discard, submit; follow up
	ApproveInvoices  Permission = "invoices.approve" // approve and return
	IssueInvoices    Permission = "invoices.issue"   // for good; credit notes
	ReceivePayments  Permission = "payments.receive" // record, allocate, refund, reverse; write off
	DisputeInvoices  Permission = "invoices.dispute"
	SettleDisputes   Permission = "disputes.settle"
	ManageIssuers    Permission = "issuers.manage"  // who issues, taxes, numbers
	DescribeBilling  Permission = "billing.manage"  // how a client is invoiced
	RecordExchange   Permission = "exchange.record" // rates, for reports alone
	AuditHistory     Permission = "audit.history"   // recompute, verify, take evidence
	ManageWebhooks   Permission = "webhooks.manage"
	ReadPeople       Permission = "people.read"   // the client users
	ManagePeople     Permission = "people.manage" // invite, disable, grant
	ResetPasswords   Permission = "people.reset"  // give a client user a link that sets another password
	ErasePeople      Permission = "people.erase"  // personal data of anybody
	ReadStaff        Permission = "staff.read"    // names and roles of colleagues
	ManageStaff      Permission = "staff.manage"
	ReadAccessLog    Permission = "audit.access" // logins, denials and reads of sensitive things
	ReadProjections  Permission = "projections.read"
	OperateMail      Permission = "mail.operate" // what was not delivered, and sending it again
)

// Grant is a right that a client employee has beyond the base set of its role (F54).
type Grant string

// The grants. A client admin has all of these rights by its role.
const (
	SignMilestones Grant = "milestone.sign"  // approve milestones or request changes (X9)
	ReadBilling    Grant = "billing.read"    // see invoices and the time billed on them
	ReadScope      Grant = "contract.read"   // see the scope summary of contracts
	RaiseCritical  Grant = "ticket.critical" // propose the priority critical (F10)
)

// Grants lists them in the order they are shown.
func Grants() []Grant { return []Grant{SignMilestones, ReadBilling, ReadScope, RaiseCritical} }

// Valid reports whether g is one of the grants.
func (g Grant) Valid() bool { return slices.Contains(Grants(), g) }

// Scope says on what a role has a permission. The zero Scope is nothing.
type Scope string

// The scopes.
const (
	Nothing      Scope = ""
	Own          Scope = "own"          // what the person wrote, raised or is
	OwnClients   Scope = "own clients"  // the clients whose account manager the person is
	Granted      Scope = "if granted"   // of the organisation, while the person holds the rule's grant
	Organisation Scope = "organisation" // everything of the client user's organisation
	All          Scope = "all"
)

// Rule is a row of the table.
type Rule struct {
	Permission Permission
	Title      string // what it allows, in the words of the documentation
	// Write says that it changes something: a login that may only read lacks it.
	Write bool
	// StepUp says that a person must have proved itself within the last minutes. No API key can.
	StepUp bool
	Grant  Grant // of the scope Granted
	Roles  map[domain.Role]Scope
}

// everywhere gives each of the roles one scope.
func everywhere(scope Scope, roles ...domain.Role) map[domain.Role]Scope {
	table := make(map[domain.Role]Scope, len(roles))
	for _, role := range roles {
		table[role] = scope
	}
	return table
}

// with adds roles to a table.
func with(table map[domain.Role]Scope, scope Scope, roles ...domain.Role) map[domain.Role]Scope {
	for _, role := range roles {
		table[role] = scope
	}
	return table
}

// Rules gives the table, in the order of the documentation. It is made anew, so nobody can change it.
func Rules() []Rule {
	const (
		owner, manager, delivery, engineer = domain.Owner, domain.AccountManager, domain.Delivery, domain.Engineer
		support, finance, auditor, ops     = domain.Support, domain.Finance, domain.Auditor, domain.Ops
		admin, employee                    = domain.ClientAdmin, domain.ClientEmployee
	)
	everybody := Roles()
	converse := []domain.Role{owner, manager, delivery, engineer, support}
	work := []domain.Role{owner, delivery, engineer, support}
	return []Rule{
		{Permission: OwnAccount, Title: "See the own account; log out", Roles: everywhere(Own, everybody...)},
		{Permission: SecureAccount, Title: "Change the own password, e-mail, second factors, sessions and keys", Write: true, StepUp: true, Roles: everywhere(Own, everybody...)},
		{Permission: FollowChanges, Title: "Hear what changes, as it changes", Roles: everywhere(Own, everybody...)},
		{Permission: ReadClients, Title: "See clients", Roles: everywhere(All, owner, manager, delivery, engineer, support, finance, auditor)},
		{Permission: RegisterClients, Title: "Register clients", Write: true, Roles: everywhere(All, owner, manager)},
		{Permission: ManageClients, Title: "Change a client's settings", Write: true, Roles: with(everywhere(All, owner), OwnClients, manager)},
		{Permission: AssignManagers, Title: "Assign account managers", Write: true, Roles: everywhere(All, owner)},
		{Permission: SetLoginRules, Title: "Set how a client's people log in, and its seats", Write: true, StepUp: true, Roles: with(everywhere(All, owner), OwnClients, manager)},
		{Permission: ReadContracts, Title: "See contracts: scope and hours", Grant: ReadScope, Roles: with(with(everywhere(All, owner, manager, delivery, support, finance, auditor), Organisation, admin), Granted, employee)},
		{Permission: ReadTerms, Title: "See how contracts are charged", Roles: everywhere(All, owner, manager, finance, auditor)},
		{Permission: ManageContracts, Title: "Draft and offer contracts and amendments", Write: true, Roles: everywhere(All, owner, manager)},
		{Permission: ApproveContracts, Title: "Approve, activate, suspend and end contracts; grant hours", Write: true, Roles: everywhere(All, owner)},
		{Permission: AcceptContracts, Title: "Agree to contracts, amendments and hours beyond", Write: true, StepUp: true, Roles: everywhere(Organisation, admin)},
		{Permission: ReadRates, Title: "See rate cards", Roles: everywhere(All, owner, finance, auditor)},
		{Permission: SummariseRates, Title: "See a summary of rate cards", Roles: everywhere(All, owner, manager, finance, auditor)},
		{Permission: ManageRates, Title: "Publish rate cards", Write: true, Roles: everywhere(All, owner, finance)},
		{Permission: ReadCosts, Title: "See cost rates", Roles: everywhere(All, owner, finance, auditor)},
		{Permission: ManageCosts, Title: "Publish cost rates", Write: true, Roles: everywhere(All, owner, finance)},
		{Permission: ReadPolicies, Title: "See SLA policies and calendars", Roles: everywhere(All, owner, manager, delivery, support, auditor)},
		{Permission: ManagePolicies, Title: "Publish SLA policies and calendars", Write: true, Roles: everywhere(All, owner)},
		{Permission: ReadTime, Title: "See time records", Roles: with(everywhere(All, owner, manager, delivery, finance, auditor), Own, engineer, support)},
		{Permission: LogTime, Title: "Log the own time", Write: true, Roles: everywhere(Own, owner, delivery, engineer, support)},
		{Permission: ApproveTime, Title: "Approve and return time", Write: true, Roles: everywhere(All, owner, delivery)},
		{Permission: ImportTime, Title: "Import time", Write: true, Roles: everywhere(All, owner, delivery)},
		{Permission: ReadPeriods, Title: "See billing periods", Roles: everywhere(All, owner, manager, finance, auditor)},
		{Permission: ManagePeriods, Title: "Close billing periods, correct billed time, add charges", Write: true, Roles: everywhere(All, owner, finance)},
		{Permission: ReadTickets, Title: "See tickets", Roles: with(with(everywhere(All, append(converse, auditor)...), Organisation, admin), Own, employee)},
		{Permission: RaiseTickets, Title: "Raise tickets", Write: true, Roles: with(everywhere(All, converse...), Organisation, admin, employee)},
		{Permission: CommentTickets, Title: "Comment on tickets", Write: true, Roles: with(with(with(everywhere(All, work...), OwnClients, manager), Organisation, admin), Own, employee)},
		{Permission: ReopenTickets, Title: "Reopen tickets", Write: true, Roles: with(with(everywhere(All, work...), Organisation, admin), Own, employee)},
		{Permission: WorkTickets, Title: "Triage, assign, merge, resolve and close tickets", Write: true, Roles: everywhere(All, work...)},
		{Permission: PublishTickets, Title: "Publish and withdraw", Write: true, Roles: with(with(everywhere(All, owner, delivery), OwnClients, manager), Own, engineer, support)},
		{Permission: ImportTickets, Title: "Import tickets", Write: true, Roles: everywhere(All, owner, manager, delivery)},
		{Permission: WatchTickets, Title: "Watch tickets", Write: true, Roles: everywhere(All, converse...)},
		{Permission: Acknowledge, Title: "Acknowledge escalations", Write: true, Roles: with(everywhere(All, work...), OwnClients, manager)},
		{Permission: EraseFiles, Title: "Erase files for good", Write: true, StepUp: true, Roles: everywhere(All, owner)},
		{Permission: MoveTickets, Title: "Move tickets to another client", Write: true, Roles: everywhere(All, owner, delivery)},
		{Permission: EstimateScope, Title: "Estimate work beyond what was bought", Write: true, Roles: with(everywhere(All, owner, delivery), OwnClients, manager)},
		{Permission: ExcuseBreaches, Title: "Excuse missed promises", Write: true, Roles: with(everywhere(All, owner), OwnClients, manager)},
		{Permission: DecideDeductions, Title: "Confirm and waive deductions", Write: true, Roles: with(everywhere(All, owner, finance), OwnClients, manager)},
		{Permission: ReadInvoices, Title: "See invoices, credit notes and payments", Grant: ReadBilling, Roles: with(with(everywhere(All, owner, manager, finance, auditor), Organisation, admin), Granted, employee)},
		{Permission: DraftInvoices, Title: "Draft invoices and follow them up", Write: true, Roles: with(everywhere(All, owner, finance), OwnClients, manager)},
		{Permission: ApproveInvoices, Title: "Approve and return invoices", Write: true, Roles: everywhere(All, owner, finance)},
		{Permission: IssueInvoices, Title: "Issue invoices and credit notes", Write: true, StepUp: true, Roles: everywhere(All, owner, finance)},
		{Permission: ReceivePayments, Title: "Record payments, refunds and write-offs", Write: true, Roles: everywhere(All, owner, finance)},
		{Permission: DisputeInvoices, Title: "Object to a line of an invoice", Write: true, Grant: ReadBilling, Roles: with(everywhere(Organisation, admin), Granted, employee)},
		{Permission: SettleDisputes, Title: "Answer objections to invoices", Write: true, Roles: with(everywhere(All, owner, finance), OwnClients, manager)},
		{Permission: ManageIssuers, Title: "Set who issues invoices, rates of tax and numbers", Write: true, StepUp: true, Roles: everywhere(All, owner)},
		{Permission: DescribeBilling, Title: "Set how a client is invoiced", Write: true, Roles: with(everywhere(All, owner, finance), OwnClients, manager)},
		{Permission: RecordExchange, Title: "Record exchange rates for reports", Write: true, Roles: everywhere(All, owner, finance)},
		{Permission: AuditHistory, Title: "Recompute invoices, verify history, take evidence", Roles: everywhere(All, owner, finance, auditor)},
		{Permission: ManageWebhooks, Title: "Set up webhooks", Write: true, StepUp: true, Roles: with(everywhere(All, owner), Organisation, admin)},
		{Permission: ReadPeople, Title: "See a client's users", Roles: with(everywhere(All, owner, manager, auditor), Organisation, admin)},
		{Permission: ManagePeople, Title: "Invite and disable a client's users, and give grants", Write: true, Roles: with(everywhere(All, owner, manager), Organisation, admin)},
		{Permission: ResetPasswords, Title: "Give a client's users a link to set another password", Write: true, StepUp: true, Roles: with(everywhere(All, owner), OwnClients, manager)},
		{Permission: ErasePeople, Title: "Erase a person's data", Write: true, StepUp: true, Roles: everywhere(All, owner)},
		{Permission: ReadStaff, Title: "See colleagues and their roles", Roles: everywhere(All, owner, manager, delivery, engineer, support, finance, auditor, ops)},
		{Permission: ManageStaff, Title: "Invite and disable staff, and change roles", Write: true, StepUp: true, Roles: everywhere(All, owner)},
		{Permission: ReadAccessLog, Title: "See the log of logins, denials and sensitive reads", Roles: with(with(everywhere(All, owner, auditor), OwnClients, manager), Organisation, admin)},
		{Permission: ReadProjections, Title: "See the state of projections", Roles: everywhere(All, owner, auditor, ops)},
		{Permission: OperateMail, Title: "See undelivered mail and send it again", Write: true, Roles: everywhere(All, owner, ops)},
	}
}

// Roles lists all roles, staff first, in the order of the documentation.
func Roles() []domain.Role {
	return []domain.Role{
		domain.Owner, domain.AccountManager, domain.Delivery, domain.Engineer, domain.Support, domain.Finance,
		domain.Auditor, domain.Ops, domain.ClientAdmin, domain.ClientEmployee,
	}
}

// table finds a rule by its permission.
var table = func() map[Permission]Rule {
	found := map[Permission]Rule{}
	for _, rule := range Rules() {
		found[rule.Permission] = rule
	}
	return found
}()

// Of gives the rule of a permission, and whether there is one.
func Of(p Permission) (Rule, bool) {
	rule, ok := table[p]
	return rule, ok
}

// ScopeOf says on what a role has a permission.
func ScopeOf(role domain.Role, p Permission) Scope { return table[p].Roles[role] }

// MeetsClients reports whether clients get to know a person of the role, by name: staff who may write to them.
func MeetsClients(role domain.Role) bool {
	return role.Side() == domain.StaffSide && ScopeOf(role, CommentTickets) != Nothing
}

// Permitted lists the roles of a side that have a permission on anything, in the order of Roles.
func Permitted(p Permission, side domain.Side) []domain.Role {
	return slices.DeleteFunc(Roles(), func(role domain.Role) bool { return role.Side() != side || ScopeOf(role, p) == Nothing })
}

// Lacks says that an actor's role lacks a permission, and which roles of its side have it.
func Lacks(actor domain.Actor, p Permission) string {
	lacks := fmt.Sprintf("the role %s lacks the permission %q", actor.Role.Title(), p)
	if roles := Permitted(p, actor.Side); len(roles) > 0 {
		return lacks + "; it takes the role " + domain.AnyOf(roles)
	}
	return lacks + ", and so does every role of this side"
}
