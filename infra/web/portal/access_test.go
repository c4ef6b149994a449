package portal_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/portal"
)

// row says how the access to a route is tested.
type row struct {
	needs access.Permission // none for a route that needs no login
	right int               // the answer to whoever may
	body  string            // that is accepted: JSON for the API, a form for a page
	query string            // that must be given
	// thing is what {id} names: an id that exists for an admin of acme. Nil for a route without one, and for
	// one whose ids are things of the person alone.
	thing uuid.UUID
	// number is what {number} names, likewise: a document of acme.
	number string
	// gil is the answer to the admin of the other client, where the body names what is acme's.
	gil int
	// account says that the route is about the own account: beyond who may come, signin's tests know the
	// answers, and any will do here that does not turn the person away.
	account bool
}

const (
	aTicket  = `{"category":"00000000-0000-4000-8000-00000000001f","title":"Help"}`
	aDigest  = `{"sha256":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}`
	aPerson  = `{"name":"Ida Iten","email":"ida@acme.example"}`
	aForm    = "key=k"
	aRaised  = "key=k&category=00000000-0000-4000-8000-00000000001f&title=Help&impact=low&urgency=low"
	aInvitee = "key=k&name=Jan+Jost&email=jan%40acme.example"
)

// rows has one for each route. A route without a row fails, and so does a row without a route.
var rows = map[string]row{
	"GET " + base + "/me":                             {needs: access.OwnAccount, right: 200},
	"GET " + base + "/overview":                       {needs: access.ReadTickets, right: 200},
	"GET " + base + "/ticket-categories":              {needs: access.RaiseTickets, right: 200},
	"GET " + base + "/tickets":                        {needs: access.ReadTickets, right: 200},
	"POST " + base + "/tickets":                       {needs: access.RaiseTickets, right: 201, gil: 409, body: aTicket},
	"GET " + base + "/tickets/{id}":                   {needs: access.ReadTickets, right: 200, thing: id(102)},
	"GET " + base + "/tickets/{id}/comments":          {needs: access.ReadTickets, right: 200, thing: id(102)},
	"POST " + base + "/tickets/{id}/comments":         {needs: access.CommentTickets, right: 201, thing: id(102), body: `{"text":"Hello"}`},
	"POST " + base + "/tickets/{id}/reopen":           {needs: access.ReopenTickets, right: 201, thing: id(102), body: `{}`},
	"POST " + base + "/tickets/{id}/estimate/accept":  {needs: access.AcceptContracts, right: 201, thing: id(102), body: `{"sha256":"` + strings.Repeat("0", 64) + `"}`},
	"POST " + base + "/tickets/{id}/estimate/decline": {needs: access.AcceptContracts, right: 201, thing: id(102), body: `{"reason":"No"}`},
	"GET " + base + "/tickets/{id}/people":            {needs: access.CommentTickets, right: 200, thing: id(102)},
	"GET " + base + "/ticket-suggestions":             {needs: access.ReadTickets, right: 200, query: "?title=Help"},

	"GET " + base + "/tickets/{id}/comments/{comment}/edits":   {needs: access.ReadTickets, right: 200, thing: id(102)},
	"POST " + base + "/tickets/{id}/comments/{comment}/edit":   {needs: access.CommentTickets, right: 201, thing: id(102), body: `{"text":"Hello"}`},
	"POST " + base + "/tickets/{id}/comments/{comment}/delete": {needs: access.CommentTickets, right: 201, thing: id(102), body: `{}`},

	"POST " + base + "/tickets/{id}/attachments": {needs: access.CommentTickets, right: 201, thing: id(102), query: "?name=a.txt", body: "bytes"},
	"GET " + base + "/attachments/{id}":          {needs: access.ReadTickets, right: 200, thing: id(57)},
	"POST /tickets/{id}/attachments":             {needs: access.CommentTickets, right: 422, thing: id(102), query: "?name=a.txt", body: "bytes"}, // It has no key.
	"GET /attachments/{id}":                      {needs: access.ReadTickets, right: 200, thing: id(57)},

	"GET /tickets":                                 {needs: access.ReadTickets, right: 200},
	"GET /tickets/new":                             {needs: access.RaiseTickets, right: 200},
	"GET /tickets/new/similar":                     {needs: access.RaiseTickets, right: 200, query: "?title=Ticket"},
	"POST /tickets/new":                            {needs: access.RaiseTickets, right: 303, gil: 422, body: aRaised},
	"GET /tickets/{id}":                            {needs: access.ReadTickets, right: 200, thing: id(102)},
	"POST /tickets/{id}/comments":                  {needs: access.CommentTickets, right: 303, thing: id(102), body: aForm + "&text=Hello"},
	"GET /tickets/{id}/comments":                   {needs: access.ReadTickets, right: 303},
	"GET /tickets/{id}/attachments":                {needs: access.ReadTickets, right: 303},
	"GET /tickets/{id}/reopen":                     {needs: access.ReopenTickets, right: 200, thing: id(102)},
	"POST /tickets/{id}/reopen":                    {needs: access.ReopenTickets, right: 303, thing: id(102), body: aForm},
	"GET /tickets/{id}/estimate":                   {needs: access.AcceptContracts, right: 200, thing: id(102)},
	"POST /tickets/{id}/estimate":                  {needs: access.AcceptContracts, right: 303, thing: id(102), body: aForm + "&answer=allow&sha256=0f"},
	"GET /tickets/{id}/comments/{comment}/edits":   {needs: access.ReadTickets, right: 200, thing: id(102)},
	"GET /tickets/{id}/comments/{comment}/edit":    {needs: access.CommentTickets, right: 200, thing: id(102)},
	"POST /tickets/{id}/comments/{comment}/edit":   {needs: access.CommentTickets, right: 303, thing: id(102), body: aForm + "&text=Hello"},
	"GET /tickets/{id}/comments/{comment}/delete":  {needs: access.CommentTickets, right: 200, thing: id(102)},
	"POST /tickets/{id}/comments/{comment}/delete": {needs: access.CommentTickets, right: 303, thing: id(102), body: aForm},

	"GET " + base + "/people":                                 {needs: access.ReadPeople, right: 200},
	"GET " + base + "/people/{id}":                            {needs: access.ReadPeople, right: 200, thing: id(12)},
	"POST " + base + "/people":                                {needs: access.ManagePeople, right: 201, gil: 409, body: aPerson},
	"POST " + base + "/people/{id}/invite":                    {needs: access.ManagePeople, right: 201, thing: id(16), body: `{}`},
	"POST " + base + "/people/{id}/withdraw-invitation":       {needs: access.ManagePeople, right: 201, thing: id(16), body: `{}`},
	"POST " + base + "/people/{id}/deactivate":                {needs: access.ManagePeople, right: 201, thing: id(12), body: `{}`},
	"POST " + base + "/people/{id}/grants":                    {needs: access.ManagePeople, right: 201, thing: id(12), body: `{"grant":"billing.read"}`},
	"POST " + base + "/people/{id}/grants/withdraw":           {needs: access.ManagePeople, right: 201, thing: id(12), body: `{"grant":"billing.read"}`},
	"GET " + base + "/audit/access":                           {needs: access.ReadAccessLog, right: 200},
	"GET " + base + "/contracts":                              {needs: access.ReadContracts, right: 200},
	"GET " + base + "/contracts/{id}":                         {needs: access.ReadContracts, right: 200, thing: id(21)},
	"GET " + base + "/contracts/{id}/work":                    {needs: access.ReadContracts, right: 200, thing: id(21)},
	"GET " + base + "/proposals":                              {needs: access.ReadContracts, right: 200},
	"GET " + base + "/proposals/{id}":                         {needs: access.ReadContracts, right: 200, thing: id(61)},
	"POST " + base + "/proposals/{id}/accept":                 {needs: access.AcceptContracts, right: 201, thing: id(61), body: aDigest},
	"POST " + base + "/proposals/{id}/decline":                {needs: access.AcceptContracts, right: 201, thing: id(61), body: `{"reason":"No"}`},
	"GET " + base + "/overage-requests":                       {needs: access.ReadContracts, right: 200},
	"GET " + base + "/overage-requests/{id}":                  {needs: access.ReadContracts, right: 200, thing: id(63)},
	"POST " + base + "/overage-requests/{id}/answer":          {needs: access.AcceptContracts, right: 201, thing: id(63), body: `{"allow":true}`},
	"GET /contracts":                                          {needs: access.ReadContracts, right: 200},
	"GET /contracts/{id}":                                     {needs: access.ReadContracts, right: 200, thing: id(21)},
	"GET /proposals/{id}":                                     {needs: access.ReadContracts, right: 200, thing: id(61)},
	"GET /proposals/{id}/accept":                              {needs: access.AcceptContracts, right: 200, thing: id(61)},
	"POST /proposals/{id}/accept":                             {needs: access.AcceptContracts, right: 303, thing: id(61), body: aForm + "&sha256=0f"},
	"GET /proposals/{id}/decline":                             {needs: access.AcceptContracts, right: 200, thing: id(61)},
	"POST /proposals/{id}/decline":                            {needs: access.AcceptContracts, right: 303, thing: id(61), body: aForm + "&reason=No"},
	"GET /overage-requests/{id}":                              {needs: access.ReadContracts, right: 200, thing: id(63)},
	"GET /overage-requests/{id}/answer":                       {needs: access.AcceptContracts, right: 200, thing: id(63)},
	"POST /overage-requests/{id}/answer":                      {needs: access.AcceptContracts, right: 303, thing: id(63), body: aForm + "&answer=refuse"},
	"GET " + base + "/invoices":                               {needs: access.ReadInvoices, right: 200},
	"GET " + base + "/invoices/{number}":                      {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET " + base + "/invoices/{number}/pdf":                  {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET " + base + "/invoices/{number}/xml":                  {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET " + base + "/invoices/{number}/csv":                  {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET " + base + "/credit-notes/{number}":                  {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET " + base + "/credit-notes/{number}/pdf":              {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET " + base + "/credit-notes/{number}/xml":              {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET " + base + "/credit-notes/{number}/csv":              {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET " + base + "/receipts/{id}/pdf":                      {needs: access.ReadInvoices, right: 200, thing: acmes.payment()},
	"GET " + base + "/statement":                              {needs: access.ReadInvoices, right: 200, query: "?from=2026-01-01&to=2026-12-31"},
	"POST " + base + "/invoices/{number}/disputes":            {needs: access.DisputeInvoices, right: 201, number: acmes.number(), body: `{"line":"` + acmes.line.String() + `","amount":"120.50","reason":"No emergency"}`},
	"POST " + base + "/disputes/{id}/attachments":             {needs: access.DisputeInvoices, right: 201, thing: acmes.dispute, query: "?name=a.txt", body: "bytes"},
	"GET " + base + "/disputes/{id}/attachments/{attachment}": {needs: access.ReadInvoices, right: 200, thing: acmes.dispute},
	"GET /disputes/{id}/attachments/{attachment}":             {needs: access.ReadInvoices, right: 200, thing: acmes.dispute},
	"GET /invoices/{number}/disputes/{dispute}/attach":        {needs: access.DisputeInvoices, right: 200, number: acmes.number()},
	"POST /invoices/{number}/disputes/{dispute}/attach":       {needs: access.DisputeInvoices, right: 422, number: acmes.number(), body: aForm}, // It has no file.
	"POST " + base + "/disputes/{id}/withdraw":                {needs: access.DisputeInvoices, right: 201, thing: acmes.dispute, body: `{}`},
	"GET /invoices":                                           {needs: access.ReadInvoices, right: 200},
	"GET /invoices/{number}":                                  {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET /invoices/{number}/pdf":                              {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET /invoices/{number}/xml":                              {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET /invoices/{number}/csv":                              {needs: access.ReadInvoices, right: 200, number: acmes.number()},
	"GET /credit-notes/{number}":                              {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET /credit-notes/{number}/pdf":                          {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET /credit-notes/{number}/xml":                          {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET /credit-notes/{number}/csv":                          {needs: access.ReadInvoices, right: 200, number: acmes.noteNumber()},
	"GET /receipts/{id}/pdf":                                  {needs: access.ReadInvoices, right: 200, thing: acmes.payment()},
	"GET /statement":                                          {needs: access.ReadInvoices, right: 200},
	"GET /invoices/{number}/lines/{line}/object":              {needs: access.DisputeInvoices, right: 200, number: acmes.number()},
	"POST /invoices/{number}/lines/{line}/object":             {needs: access.DisputeInvoices, right: 303, number: acmes.number(), body: aForm + "&reason=No+emergency"},
	"GET /invoices/{number}/disputes/{dispute}/withdraw":      {needs: access.DisputeInvoices, right: 200, number: acmes.number()},
	"POST /invoices/{number}/disputes/{dispute}/withdraw":     {needs: access.DisputeInvoices, right: 303, number: acmes.number(), body: aForm},
	"GET /":                                 {needs: access.OwnAccount, right: 200},
	"GET /access-log":                       {needs: access.ReadAccessLog, right: 200},
	"GET /people":                           {needs: access.ReadPeople, right: 200},
	"GET /people/invite":                    {needs: access.ManagePeople, right: 200},
	"POST /people/invite":                   {needs: access.ManagePeople, right: 200, gil: 422, body: aInvitee},
	"GET /people/{id}":                      {needs: access.ReadPeople, right: 200, thing: id(12)},
	"GET /people/{id}/deactivate":           {needs: access.ManagePeople, right: 200, thing: id(12)},
	"POST /people/{id}/deactivate":          {needs: access.ManagePeople, right: 303, thing: id(12), body: aForm},
	"GET /people/{id}/grants":               {needs: access.ManagePeople, right: 303},
	"POST /people/{id}/grants":              {needs: access.ManagePeople, right: 303, thing: id(12), body: aForm + "&grant=billing.read"},
	"GET /people/{id}/invite":               {needs: access.ManagePeople, right: 303},
	"POST /people/{id}/invite":              {needs: access.ManagePeople, right: 200, thing: id(16), body: aForm},
	"GET /people/{id}/withdraw-invitation":  {needs: access.ManagePeople, right: 303},
	"POST /people/{id}/withdraw-invitation": {needs: access.ManagePeople, right: 303, thing: id(16), body: aForm},

	"GET " + base + "/webhooks":                                        {needs: access.ManageWebhooks, right: 200},
	"POST " + base + "/webhooks":                                       {needs: access.ManageWebhooks, right: 201, body: `{"url":"https://hooks.example.org/in"}`},
	"GET " + base + "/webhooks/{id}":                                   {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST " + base + "/webhooks/{id}":                                  {needs: access.ManageWebhooks, right: 200, thing: id(71), body: `{"url":"https://hooks.example.org/in"}`},
	"POST " + base + "/webhooks/{id}/secret":                           {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST " + base + "/webhooks/{id}/pause":                            {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST " + base + "/webhooks/{id}/resume":                           {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST " + base + "/webhooks/{id}/test":                             {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST " + base + "/webhooks/{id}/remove":                           {needs: access.ManageWebhooks, right: 200, thing: id(73)},
	"GET " + base + "/webhooks/{id}/deliveries":                        {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST " + base + "/webhooks/{id}/deliveries/{delivery}/send-again": {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"GET /webhooks":                                        {needs: access.ManageWebhooks, right: 200},
	"POST /webhooks":                                       {needs: access.ManageWebhooks, right: 200, body: aForm + "&url=https%3A%2F%2Fhooks.example.org%2Fin"},
	"GET /webhooks/new":                                    {needs: access.ManageWebhooks, right: 200},
	"GET /webhooks/{id}":                                   {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"GET /webhooks/{id}/edit":                              {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST /webhooks/{id}/edit":                             {needs: access.ManageWebhooks, right: 303, thing: id(71), body: aForm + "&url=https%3A%2F%2Fhooks.example.org%2Fin"},
	"GET /webhooks/{id}/remove":                            {needs: access.ManageWebhooks, right: 200, thing: id(71)},
	"POST /webhooks/{id}/secret":                           {needs: access.ManageWebhooks, right: 200, thing: id(71), body: aForm},
	"POST /webhooks/{id}/pause":                            {needs: access.ManageWebhooks, right: 303, thing: id(71), body: aForm},
	"POST /webhooks/{id}/resume":                           {needs: access.ManageWebhooks, right: 303, thing: id(71), body: aForm},
	"POST /webhooks/{id}/test":                             {needs: access.ManageWebhooks, right: 303, thing: id(71), body: aForm},
	"POST /webhooks/{id}/remove":                           {needs: access.ManageWebhooks, right: 303, thing: id(75), body: aForm},
	"POST /webhooks/{id}/deliveries/{delivery}/send-again": {needs: access.ManageWebhooks, right: 303, thing: id(71), body: aForm},

	"GET /step-up":                               {needs: access.OwnAccount, account: true},
	"POST /step-up":                              {needs: access.OwnAccount, account: true},
	"GET /account":                               {needs: access.OwnAccount, account: true},
	"GET /account/password":                      {needs: access.SecureAccount, account: true},
	"POST /account/password":                     {needs: access.SecureAccount, account: true},
	"GET /account/email":                         {needs: access.SecureAccount, account: true},
	"POST /account/email":                        {needs: access.SecureAccount, account: true},
	"GET /account/sessions":                      {needs: access.OwnAccount, account: true},
	"POST /account/sessions/{id}/end":            {needs: access.SecureAccount, account: true},
	"POST /account/sessions/end-others":          {needs: access.SecureAccount, account: true},
	"GET /account/factors":                       {needs: access.OwnAccount, account: true},
	"GET /account/factors/totp":                  {needs: access.SecureAccount, account: true},
	"POST /account/factors/totp":                 {needs: access.SecureAccount, account: true},
	"GET /account/factors/totp/confirm":          {needs: access.SecureAccount, account: true},
	"POST /account/factors/totp/confirm":         {needs: access.SecureAccount, account: true},
	"POST /account/factors/totp/remove":          {needs: access.SecureAccount, account: true},
	"POST /account/factors/recovery":             {needs: access.SecureAccount, account: true},
	"POST /account/factors/passkeys/{id}/remove": {needs: access.SecureAccount, account: true},
	"POST /account/factors/passkeys/begin":       {needs: access.SecureAccount, account: true},
	"POST /account/factors/passkeys/finish":      {needs: access.SecureAccount, account: true},
	"GET /account/keys":                          {needs: access.OwnAccount, account: true},
	"POST /account/keys":                         {needs: access.SecureAccount, account: true},
	"GET /account/keys/new":                      {needs: access.SecureAccount, account: true},
	"POST /account/keys/{id}/revoke":             {needs: access.SecureAccount, account: true},
	"GET " + base + "/me/sessions":               {needs: access.OwnAccount, account: true},
	"POST " + base + "/me/sessions/{id}/end":     {needs: access.SecureAccount, account: true},
	"GET " + base + "/me/keys":                   {needs: access.OwnAccount, account: true},
	"POST " + base + "/me/keys":                  {needs: access.SecureAccount, account: true},
	"POST " + base + "/me/keys/{id}/revoke":      {needs: access.SecureAccount, account: true},
	"GET /events":                                {needs: access.FollowChanges, right: 200}, // A stream: TestStreamsAreForTheirPeople.
	"GET /openapi.json":                          {},
	"GET /assets/{name}":                         {},
	"POST /theme":                                {},
	"GET /login":                                 {},
	"POST /login":                                {},
	"GET /login/factor":                          {},
	"POST /login/factor":                         {},
	"GET /login/enrol":                           {},
	"POST /login/enrol":                          {},
	"GET /login/enrol/confirm":                   {},
	"POST /login/enrol/confirm":                  {},
	"POST /login/passkey/begin":                  {},
	"POST /login/passkey/finish":                 {},
	"GET /login/sso/start":                       {},
	"GET /login/sso/callback":                    {},
	"POST /logout":                               {},
	"GET /forgot":                                {},
	"POST /forgot":                               {},
	"GET /invitation/{token}":                    {},
	"POST /invitation/{token}":                   {},
	"GET /reset/{token}":                         {},
	"POST /reset/{token}":                        {},
	"GET /confirm-email/{token}":                 {},
	"POST /confirm-email/{token}":                {},
}

// callers are everybody who may try: the token of the session or key that they come with.
var callers = []string{
	"ada", "ada, proved long ago", "eve", "fay", "gil", "sue", "", "ended", "adas-key", "unknown key",
	"adas-key for people.manage", "adas-key for people.read", "adas-key for tickets.read", "adas-key for account.own",
}

// TestAccess tries every route with every caller, on what is theirs, what is another's and what is not
// there. What they should get follows from the table of access alone.
func TestAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	routes := map[string]bool{}
	for _, route := range w.Routes() {
		name := route.Method + " " + route.Pattern
		row, known := rows[name]
		if routes[name] = true; !known || row.needs != route.Permission {
			t.Errorf("%s: it has a row: %t, and needs %q", name, known, route.Permission)
		}
		if !known || route.Public() || route.Pattern == "/events" {
			continue
		}
		w.ahead.Add(int64(time.Hour)) // Within one, an address gets few letters.
		for _, caller := range callers {
			for kind, thing := range things(row) {
				got := ask(w.Portal, route, thing, caller, row)
				if wrong := judge(route, row, caller, kind, got); wrong != "" {
					t.Errorf("%s as %q, %s: status %d: %s: %.500s", name, caller, kind, got.Code, wrong, got.Body)
				}
			}
		}
	}
	for name := range rows {
		if !routes[name] {
			t.Errorf("there is no route %s", name)
		}
	}
}

// about says that the route is about one thing, of which others have theirs.
func (r row) about() bool { return r.thing != uuid.Nil || r.number != "" }

// own is what the route is about.
func (r row) own() string { return things(r)["own"] }

// things are the ids that a route is tried with, by what they are to acme.
func things(r row) map[string]string {
	if r.number != "" {
		prefix, acmes := r.number[:len(r.number)-1], r.number[len(r.number)-1]
		return map[string]string{"own": r.number, "other": prefix + string(acmes+1), "missing": prefix + "9", "no id": "41"}
	}
	if r.thing == uuid.Nil {
		return map[string]string{"own": id(99).String()}
	}
	other := id(103)
	switch {
	case r.thing[15] < 20:
		other = id(13)
	case r.thing[15] < 100:
		other = id(r.thing[15] + 1)
	}
	return map[string]string{"own": r.thing.String(), "other": other.String(), "missing": uuid.Max.String(), "no id": "41"}
}

// ask makes the request of a route as its kind of caller does: a program or a browser.
func ask(p *portal.Portal, route web.Route, thing, caller string, row row) *httptest.ResponseRecorder {
	path := fill(route.Pattern, thing) + row.query
	if !page(route) {
		return call(p, route.Method, path, caller, row.body)
	}
	return browse(p, route.Method, path, caller, row.body)
}

// fill puts a thing into a path; a comment is one on that thing, if there is any.
func fill(path, thing string) string {
	comment := id(55)
	if thing == id(103).String() {
		comment = id(56)
	}
	delivery := id(81)
	if thing == id(72).String() {
		delivery = id(82)
	}
	of := acmes
	if thing == globexs.number() || thing == globexs.noteNumber() || thing == globexs.dispute.String() {
		of = globexs
	}
	return strings.NewReplacer("{number}", thing, "{line}", of.line.String(), "{dispute}", of.dispute.String(), "{attachment}", of.proof().String(), "{id}", thing, "{token}", thing, "{name}", thing, "{comment}", comment.String(), "{delivery}", delivery.String()).Replace(path)
}

func page(route web.Route) bool { return !strings.HasPrefix(route.Pattern, "/api/") }

// browse makes a request as a browser does.
func browse(p *portal.Portal, method, path, caller, form string) *httptest.ResponseRecorder {
	return call(p, method, path, caller, form, "Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded")
}

// judge says what is wrong with an answer; empty when it is as the table of access has it.
func judge(route web.Route, row row, caller, thing string, got *httptest.ResponseRecorder) string {
	body := got.Body.String()
	if strings.Contains(body, "secret:") || caller != "gil" && (strings.Contains(body, "Gil Globe") || strings.Contains(body, "globex")) {
		return "tells what is for others"
	}
	v := verifier()
	login, known := v.sessions[caller]
	if !known && !page(route) {
		login, known = v.keys[caller]
	}
	rule, _ := access.Of(route.Permission)
	scope := access.ScopeOf(login.Actor.Role, route.Permission)
	if scope == access.Granted && !slices.Contains(login.Grants, rule.Grant) {
		scope = access.Nothing
	}
	want := row.right
	if caller == "gil" && row.gil != 0 {
		want = row.gil
	}
	switch {
	case !known && page(route):
		if got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/login") {
			return "a browser without a login is not sent to log in"
		}
		return ""
	case !known:
		want = http.StatusUnauthorized
	case login.Actor.Side != domain.ClientSide, scope == access.Nothing:
		want = http.StatusNotFound
	case login.Key != uuid.Nil && (rule.StepUp || login.Scopes != nil && !slices.Contains(login.Scopes, route.Permission)):
		want = http.StatusForbidden
	case rule.StepUp && now.Sub(login.ProvedAt) > auth.StepUpFor && page(route):
		if got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/step-up") {
			return "a browser without a fresh proof is not sent to give one"
		}
		return ""
	case rule.StepUp && now.Sub(login.ProvedAt) > auth.StepUpFor:
		want = http.StatusForbidden
	case row.account:
		if got.Code == http.StatusUnauthorized || strings.HasPrefix(got.Header().Get("Location"), "/login") || got.Code >= 500 {
			return "somebody who may come in is turned away"
		}
		return ""
	case row.about() && !exists(caller, thing), scope == access.Own && row.about() && caller != "eve":
		want = http.StatusNotFound
	case caller == "gil" && row.thing != uuid.Nil && route.Permission == access.ManagePeople:
		want = http.StatusForbidden // It is Gil, an admin.
	}
	if got.Code != want {
		return "want status " + http.StatusText(want)
	}
	return ""
}

// exists reports whether a thing is of the caller's organisation.
func exists(caller, thing string) bool {
	return thing == "own" && caller != "gil" || thing == "other" && caller == "gil"
}

// What is another's is answered like what is not there and like nonsense, in body and headers, after the
// same questions to the database (A1, A2).
func TestOthersAreAsIfNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for _, route := range w.Routes() {
		row := rows[route.Method+" "+route.Pattern]
		if !row.about() {
			continue
		}
		nonsense := web.Route{Method: http.MethodGet, Pattern: "/api/staff/v1/{id}"}
		if page(route) {
			nonsense.Pattern = "/nonsense/{id}"
		}
		want := plain(ask(w.Portal, nonsense, "nonsense-id", "ada", rows[""]), "nonsense-id")
		tried := things(row)
		asked := map[string][]string{}
		for name, thing := range tried {
			if name == "own" {
				continue
			}
			w.trace.take()
			got := plain(ask(w.Portal, route, thing, "ada", row), thing)
			asked[name] = w.trace.take()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s, %s: differs from nonsense (-want +got):\n%s", route.Method, route.Pattern, name, diff)
			}
		}
		if diff := cmp.Diff(asked["missing"], asked["other"]); diff != "" || len(asked["other"]) == 0 {
			t.Errorf("%s %s: the database tells them apart (-missing +other):\n%s", route.Method, route.Pattern, diff)
		}
	}
}

// answer is what a caller gets, without what differs between any two answers.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// plain takes the request's own path and the names of requests out of an answer.
func plain(got *httptest.ResponseRecorder, thing string) answer {
	header := got.Header().Clone()
	header.Del("X-Request-Id")
	header.Del("Content-Length") // Of a page that names its own path.
	_, after, _ := strings.Cut(got.Body.String(), "<main")
	if !strings.Contains(got.Body.String(), "<main") {
		after = got.Body.String()
	}
	before, _, _ := strings.Cut(after, "</main>")
	if thing != "" {
		before = strings.ReplaceAll(before, thing, "…")
	}
	return answer{got.Code, header, before}
}

// operation is one operation of the API's own description.
type operation struct {
	id, method, path string
	described        described
}

// operations lists the API's operations but the stream. A new one is tested without being named here.
func operations(tb testing.TB, document document) (found []operation) {
	tb.Helper()
	for path, methods := range document.Paths {
		for method, described := range methods {
			if described.OperationID != "events" {
				found = append(found, operation{described.OperationID, strings.ToUpper(method), path, described})
			}
		}
	}
	return found
}

// A client cannot say whose a ticket is, who sees it, or anything else that is for staff to say (A7).
func TestBodiesHaveNoFieldForWhatClientsMayNotSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for _, o := range operations(t, describe(t, w.Portal)) {
		if o.method != http.MethodPost || strings.HasPrefix(o.path, base+"/me/") {
			continue
		}
		if _, takes := o.described.RequestBody.Content["application/json"]; !takes {
			continue // What has no body, or a file for one, has no fields.
		}
		row := rows[o.method+" "+o.path]
		for _, field := range []string{
			"client", "organisation", "visibility", "audience", "internal", "raised_by", "on_behalf_of", "author", "by", "at", "raised_at",
			"role", "grants", "person", "seats", "link", "number", "state", "status", "assignee", "team", "contract", "job_type", "imported", "by_client", "id", "ticket", "staff", "split_from", "promise", "automatic", "edited_at",
		} {
			var body map[string]any
			if err := json.Unmarshal([]byte(row.body), &body); err != nil {
				t.Fatal(err)
			}
			body[field] = globex.String()
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			p := decode[web.Problem](t, call(w.Portal, o.method, fill(o.path, row.own()), "ada", string(text)), 422)
			if want := []web.WrongField{{Field: field, Detail: "unexpected property"}}; !cmp.Equal(want, p.Errors) {
				t.Errorf("%s with %s: %v", o.id, field, p.Errors)
			}
		}
	}
	if asked := w.commands.count(); asked != 0 {
		t.Errorf("%d commands were asked for", asked)
	}
}

// What is withdrawn is gone for whoever had it, and what moves is gone for the one who had it before.
func TestWithdrawnTicketsDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	path := base + "/tickets/" + id(101).String()
	tag := call(w.Portal, http.MethodGet, path, "ada", "").Header().Get("ETag")
	w.await(t, w.hide(ticket(1, acme, id(11)).Key(), visible.Comment{Client: acme, ID: id(51)}.Key()))
	if got := call(w.Portal, http.MethodGet, path, "ada", "", "If-None-Match", tag); got.Code != 404 {
		t.Errorf("status %d: %s", got.Code, got.Body)
	}
	for _, query := range []string{"", "?search=hello", "?search=1", "?state=open"} {
		list := decode[struct{ Items []struct{ ID uuid.UUID } }](t, call(w.Portal, http.MethodGet, base+"/tickets"+query, "ada", ""), 200)
		for _, item := range list.Items {
			if item.ID == id(101) {
				t.Errorf("%q still lists it", query)
			}
		}
	}
	w.await(t, w.show(ticket(2, globex, id(13))))
	w.await(t, w.hide(visible.Key{Client: acme, Kind: visible.KindTicket, ID: id(102)}))
	moved := base + "/tickets/" + id(102).String()
	if before, after := call(w.Portal, http.MethodGet, moved, "ada", ""), call(w.Portal, http.MethodGet, moved, "gil", ""); before.Code != 404 || after.Code != 200 {
		t.Errorf("after the move: status %d for the old client, %d for the new one", before.Code, after.Code)
	}
}

// key is the field of a form that differs every time.
var key = regexp.MustCompile(`name="key" value="[^"]*"`)

// The time of an answer does not tell another's thing from one that is not there either: Welch's test over
// interleaved requests. It takes a quiet machine, so it is left to long runs.
func TestTimeTellsNothing(t *testing.T) { //nolint:paralleltest // It measures.
	if os.Getenv("EFFIGATE_TORTURE") == "" {
		t.Skip("set EFFIGATE_TORTURE=1")
	}
	w := newWorld(t)
	w.populate(t)
	for _, path := range []string{"GET " + base + "/people/{id}", "GET " + base + "/tickets/{id}", "POST " + base + "/people/{id}/deactivate", "GET /people/{id}"} {
		method, pattern, _ := strings.Cut(path, " ")
		things := things(rows[path])
		samples := map[string][]float64{}
		for range 3000 {
			for _, name := range []string{"other", "missing"} {
				started := time.Now() //nolint:forbidigo // how long it really takes
				ask(w.Portal, web.Route{Method: method, Pattern: pattern}, things[name], "ada", rows[path])
				samples[name] = append(samples[name], time.Since(started).Seconds())
			}
		}
		if score := welch(samples["other"], samples["missing"]); math.Abs(score) > 4.5 {
			t.Errorf("%s: another's and a missing thing differ with t = %.1f", path, score)
		}
	}
}

// welch is the t of two samples without their slowest tenth, in which everything else shows that a machine
// does.
func welch(a, b []float64) float64 {
	meanA, varianceA := moments(a)
	meanB, varianceB := moments(b)
	return (meanA - meanB) / math.Sqrt(varianceA+varianceB)
}

// moments gives the mean and the variance of the mean.
func moments(sample []float64) (mean, variance float64) {
	slices.Sort(sample)
	sample = sample[:len(sample)*9/10]
	for _, x := range sample {
		mean += x / float64(len(sample))
	}
	for _, x := range sample {
		variance += (x - mean) * (x - mean) / float64(len(sample)-1) / float64(len(sample))
	}
	return mean, variance
}
