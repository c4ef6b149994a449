package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/infra/web"
)

// upload is a form with a file.
const upload = "--uploaded\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n" +
	"--uploaded\r\nContent-Disposition: form-data; name=\"visibility\"\r\n\r\ninternal_only\r\n" +
	"--uploaded\r\nContent-Disposition: form-data; name=\"file\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\n\r\nLog.\r\n--uploaded--\r\n"

// missing is the id of nothing.
const missing = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

// sent is what a request to a route has to hold, to be understood: JSON of the API, the fields of a page's
// form. Who may is in the table of access. A route without a row fails.
var sent = map[string]string{
	"GET /api/staff/v1/clients":                                                    "",
	"GET /api/staff/v1/clients/{id}":                                               "",
	"POST /api/staff/v1/clients":                                                   `{"name":"Nexus","zone":"UTC","language":"en","currency":"EUR"}`,
	"POST /api/staff/v1/clients/{id}/rename":                                       `{"name":"Other"}`,
	"POST /api/staff/v1/clients/{id}/assign-account-manager":                       `{"manager":"` + personOf(domain.Owner).String() + `"}`,
	"GET /api/staff/v1/clients/{id}/contracts":                                     "",
	"POST /api/staff/v1/clients/{id}/contracts":                                    `{"reference":"C","type":"fixed","job_types":[{"key":"a","name":"A"}],"support_level":"standard","starts":"2026-01-01"}`,
	"POST /api/staff/v1/contracts/{id}/activate":                                   "",
	"POST /api/staff/v1/contracts/{id}/terminate":                                  `{}`,
	"GET /api/staff/v1/contracts":                                                  "?expiring=true",
	"GET /api/staff/v1/contracts/{id}":                                             "",
	"POST /api/staff/v1/contracts/{id}/revise":                                     `{"reference":"C","terms":` + someTerms + `}`,
	"POST /api/staff/v1/contracts/{id}/submit":                                     "",
	"POST /api/staff/v1/contracts/{id}/return":                                     `{}`,
	"POST /api/staff/v1/contracts/{id}/offer":                                      `{"statement":"We agree."}`,
	"POST /api/staff/v1/contracts/{id}/accept":                                     `{"paper":"File 7"}`,
	"POST /api/staff/v1/contracts/{id}/decline":                                    `{}`,
	"POST /api/staff/v1/contracts/{id}/suspend":                                    `{}`,
	"POST /api/staff/v1/contracts/{id}/resume":                                     "",
	"POST /api/staff/v1/contracts/{id}/renew":                                      `{"ends":"2027-06-30"}`,
	"GET /api/staff/v1/contracts/{id}/versions":                                    "",
	"GET /api/staff/v1/contracts/{id}/versions/{number}":                           "",
	"GET /api/staff/v1/contracts/{id}/compare":                                     "?from=1&to=2",
	"GET /api/staff/v1/contracts/{id}/amendments":                                  "",
	"GET /api/staff/v1/contracts/{id}/amendments/{aid}":                            "",
	"POST /api/staff/v1/contracts/{id}/amendments":                                 `{"effective":"2026-04-01","statement":"More.","reason":"R","terms":` + someTerms + `}`,
	"POST /api/staff/v1/contracts/{id}/amendments/{aid}/approve":                   "",
	"POST /api/staff/v1/contracts/{id}/amendments/{aid}/reject":                    `{"reason":"R"}`,
	"POST /api/staff/v1/contracts/{id}/amendments/{aid}/offer":                     "",
	"POST /api/staff/v1/contracts/{id}/amendments/{aid}/accept":                    `{"paper":"File 7"}`,
	"POST /api/staff/v1/contracts/{id}/amendments/{aid}/decline":                   `{}`,
	"POST /api/staff/v1/contracts/{id}/amendments/{aid}/withdraw":                  "",
	"GET /api/staff/v1/contracts/{id}/buckets":                                     "",
	"POST /api/staff/v1/contracts/{id}/buckets":                                    `{"line":"work","minutes":60}`,
	"POST /api/staff/v1/contracts/{id}/buckets/{bid}/adjust":                       `{"minutes":-60,"reason":"R"}`,
	"POST /api/staff/v1/contracts/{id}/milestones/{line}/{key}/release":            "",
	"GET /api/staff/v1/clients/{id}/login-rules":                                   "",
	"POST /api/staff/v1/clients/{id}/login-rules":                                  rules,
	"POST /api/staff/v1/clients/{id}/seat-limit":                                   `{"limit":3}`,
	"GET /api/staff/v1/rate-cards":                                                 "",
	"POST /api/staff/v1/rate-cards":                                                `{"layer":"contract","name":"N","currency":"EUR","from":"2026-01-01","rows":[{"key":"a","price":"1","unit":"hour"}]}`,
	"GET /api/staff/v1/rate-cards/{id}":                                            "",
	"POST /api/staff/v1/rate-cards/{id}/versions":                                  `{"base":1,"name":"N","from":"2026-01-01","rows":[{"key":"a","price":"1","unit":"hour"}]}`,
	"GET /api/staff/v1/rate-cards/{id}/costs":                                      "",
	"POST /api/staff/v1/rate-cards/{id}/costs":                                     `{"from":"2026-01-01","rows":[{"hour":"1"}]}`,
	"POST /api/staff/v1/rate-cards/{id}/supersede":                                 `{}`,
	"GET /api/staff/v1/rate-cards/resolve":                                         "?job_type=a&contract=" + missing,
	"GET /api/staff/v1/sla-policies":                                               "",
	"POST /api/staff/v1/sla-policies":                                              `{"name":"N","from":"2026-01-01","policy":{"targets":[{"priority":"low","resolution_minutes":60}]}}`,
	"GET /api/staff/v1/sla-policies/{id}":                                          "",
	"POST /api/staff/v1/sla-policies/{id}/versions":                                `{"base":1,"name":"N","from":"2026-01-01","policy":{"targets":[{"priority":"low","resolution_minutes":60}]}}`,
	"POST /api/staff/v1/sla-policies/{id}/supersede":                               `{}`,
	"GET /api/staff/v1/calendars":                                                  "",
	"POST /api/staff/v1/calendars":                                                 `{"name":"N","from":"2026-01-01","calendar":{"zone":"UTC","always":true}}`,
	"GET /api/staff/v1/calendars/{id}":                                             "",
	"POST /api/staff/v1/calendars/{id}/versions":                                   `{"base":1,"name":"N","from":"2026-01-01","calendar":{"zone":"UTC","always":true}}`,
	"POST /api/staff/v1/calendars/{id}/holidays":                                   `{"date":"2026-12-25","name":"Christmas Day","holiday":true}`,
	"GET /api/staff/v1/holiday-places":                                             "",
	"GET /api/staff/v1/calendars/{id}/holidays":                                    "?country=AU&region=NSW&from=2026&to=2027",
	"POST /api/staff/v1/calendars/{id}/import-holidays":                            `{"country":"AU","from":2026,"to":2027}`,
	"POST /api/staff/v1/calendars/{id}/supersede":                                  `{}`,
	"GET /api/staff/v1/tickets":                                                    "",
	"GET /api/staff/v1/ticket-counts":                                              "",
	"GET /api/staff/v1/tickets/{id}":                                               "",
	"POST /api/staff/v1/tickets":                                                   `{"client":"` + missing + `","contract":"` + missing + `","job_type":"a","title":"T","priority":"low"}`,
	"POST /api/staff/v1/tickets/{id}/triage":                                       `{"contract":"` + missing + `","job_type":"a","priority":"low"}`,
	"POST /api/staff/v1/tickets/{id}/assign":                                       `{"team":"Platform"}`,
	"POST /api/staff/v1/tickets/{id}/start":                                        "",
	"POST /api/staff/v1/tickets/{id}/comments":                                     `{"text":"Hello.","visibility":"internal_only"}`,
	"POST /api/staff/v1/tickets/{id}/notes":                                        `{"text":"Hello."}`,
	"POST /api/staff/v1/tickets/{id}/wait":                                         `{"for":"third_party"}`,
	"POST /api/staff/v1/tickets/{id}/resume":                                       "",
	"POST /api/staff/v1/tickets/{id}/resolve":                                      `{}`,
	"POST /api/staff/v1/tickets/{id}/close":                                        "",
	"POST /api/staff/v1/tickets/{id}/reopen":                                       `{}`,
	"POST /api/staff/v1/tickets/{id}/cancel":                                       `{}`,
	"POST /api/staff/v1/tickets/{id}/merge":                                        `{"into":"` + personOf(domain.Owner).String() + `"}`,
	"POST /api/staff/v1/tickets/{id}/split":                                        `{"comments":["` + missing + `"],"title":"T"}`,
	"POST /api/staff/v1/tickets/{id}/link":                                         `{"other":"` + personOf(domain.Owner).String() + `","relation":"blocks"}`,
	"POST /api/staff/v1/tickets/{id}/unlink":                                       `{"other":"` + personOf(domain.Owner).String() + `","relation":"blocks"}`,
	"POST /api/staff/v1/tickets/{id}/move":                                         `{"client":"` + missing + `"}`,
	"POST /api/staff/v1/tickets/{id}/estimate":                                     `{"contract":"` + missing + `","job_type":"a","minutes":60,"text":"May we?"}`,
	"POST /api/staff/v1/tickets/{id}/watch":                                        `{}`,
	"POST /api/staff/v1/tickets/{id}/acknowledge":                                  `{}`,
	"POST /api/staff/v1/tickets/{id}/excuse":                                       `{"goal":"resolution","why":"mistake","reason":"R"}`,
	"POST /api/staff/v1/tickets/{id}/comments/{comment}/edit":                      `{"text":"Hello."}`,
	"POST /api/staff/v1/tickets/{id}/comments/{comment}/delete":                    "",
	"GET /api/staff/v1/tickets/{id}/clock":                                         "",
	"GET /api/staff/v1/queue":                                                      "",
	"GET /api/staff/v1/sla/pauses":                                                 "",
	"GET /api/staff/v1/sla/what-if":                                                "?policy=" + missing,
	"GET /api/staff/v1/sla/report":                                                 "",
	"GET /api/staff/v1/views":                                                      "",
	"POST /api/staff/v1/views":                                                     `{"name":"Mine","list":"queue","query":"mine=true"}`,
	"DELETE /api/staff/v1/views/{id}":                                              "",
	"GET /api/staff/v1/notices":                                                    "",
	"POST /api/staff/v1/notices/read":                                              `{"ids":["` + missing + `"]}`,
	"GET /api/staff/v1/tickets/{id}/publication":                                   "",
	"POST /api/staff/v1/tickets/{id}/publish":                                      `{}`,
	"POST /api/staff/v1/tickets/{id}/withdraw":                                     `{}`,
	"POST /api/staff/v1/tickets/{id}/comments/{comment}/withdraw":                  `{}`,
	"GET /api/staff/v1/projections":                                                "",
	"GET /api/staff/v1/people":                                                     "?client=" + missing,
	"GET /api/staff/v1/people/{id}":                                                "",
	"POST /api/staff/v1/people":                                                    `{"client":"` + missing + `","name":"Carl","email":"carl@nexus.example","role":"client_admin"}`,
	"POST /api/staff/v1/people/import":                                             `{"csv":"name,email,role,client\nCarl,carl@nexus.example,client_admin,Nobody","dry_run":true}`,
	"POST /api/staff/v1/people/{id}/invite":                                        "",
	"POST /api/staff/v1/people/{id}/reset-link":                                    "",
	"POST /api/staff/v1/people/{id}/withdraw-invitation":                           "",
	"POST /api/staff/v1/people/{id}/role":                                          `{"role":"client_employee"}`,
	"POST /api/staff/v1/people/{id}/grants":                                        `{"grant":"billing.read"}`,
	"POST /api/staff/v1/people/{id}/grants/withdraw":                               `{"grant":"billing.read"}`,
	"POST /api/staff/v1/people/{id}/deactivate":                                    "",
	"POST /api/staff/v1/people/{id}/erase":                                         "",
	"POST /api/staff/v1/tickets/{id}/attachments":                                  upload,
	"GET /api/staff/v1/attachments/{id}":                                           "",
	"POST /api/staff/v1/tickets/{id}/attachments/{attachment}/publish":             "",
	"POST /api/staff/v1/tickets/{id}/attachments/{attachment}/withdraw":            "",
	"POST /api/staff/v1/tickets/{id}/attachments/{attachment}/erase":               `{"reason":"asked"}`,
	"GET /attachments/{id}":                                                        "",
	"POST /tickets/{id}/attachments":                                               upload,
	"GET /api/staff/v1/staff":                                                      "",
	"GET /api/staff/v1/staff/{id}":                                                 "",
	"POST /api/staff/v1/staff":                                                     `{"name":"","email":"x","role":"ops"}`,
	"POST /api/staff/v1/staff/{id}/invite":                                         "",
	"POST /api/staff/v1/staff/{id}/reset-link":                                     "",
	"POST /api/staff/v1/staff/{id}/withdraw-invitation":                            "",
	"POST /api/staff/v1/staff/{id}/role":                                           `{"role":"ops"}`,
	"POST /api/staff/v1/staff/{id}/deactivate":                                     "",
	"POST /api/staff/v1/staff/{id}/erase":                                          "",
	"GET /api/staff/v1/staff/login-rules":                                          "",
	"POST /api/staff/v1/staff/login-rules":                                         rules,
	"GET /api/staff/v1/audit/access":                                               "",
	"GET /api/staff/v1/time":                                                       "",
	"POST /api/staff/v1/time":                                                      `{"job_type":"a","from":"2026-03-16T09:00:00Z","until":"2026-03-16T10:00:00Z","zone":"UTC","contract":"` + missing + `"}`,
	"GET /api/staff/v1/time/{id}":                                                  "",
	"POST /api/staff/v1/time/{id}/revise":                                          `{"job_type":"a","from":"2026-03-16T09:00:00Z","until":"2026-03-16T10:00:00Z","zone":"UTC"}`,
	"POST /api/staff/v1/time/{id}/discard":                                         "",
	"POST /api/staff/v1/time/{id}/correct":                                         `{"reason":"wrong"}`,
	"POST /api/staff/v1/time/submit":                                               `{"contract":"` + missing + `","month":"2026-03","times":["` + missing + `"]}`,
	"POST /api/staff/v1/time/approve":                                              `{"contract":"` + missing + `","month":"2026-03","times":["` + missing + `"]}`,
	"POST /api/staff/v1/time/return":                                               `{"contract":"` + missing + `","month":"2026-03","times":["` + missing + `"],"reason":"Why?"}`,
	"POST /api/staff/v1/time/move":                                                 `{"contract":"` + missing + `","month":"2026-03","times":["` + missing + `"]}`,
	"GET /api/staff/v1/timer":                                                      "",
	"POST /api/staff/v1/timer/start":                                               `{"contract":"` + missing + `","job_type":"a","zone":"UTC"}`,
	"POST /api/staff/v1/timer/describe":                                            `{"description":"API"}`,
	"POST /api/staff/v1/timer/stop":                                                `{}`,
	"POST /api/staff/v1/timer/discard":                                             "",
	"GET /api/staff/v1/contracts/{id}/periods":                                     "",
	"GET /api/staff/v1/periods/{contract}/{month}":                                 "",
	"POST /api/staff/v1/periods/{contract}/{month}/open":                           "",
	"POST /api/staff/v1/periods/{contract}/{month}/close":                          "",
	"POST /api/staff/v1/periods/{contract}/{month}/charges":                        `{"line":"work","text":"Hosting","amount":"1"}`,
	"GET /api/staff/v1/periods/{contract}/{month}/deductions":                      "",
	"POST /api/staff/v1/periods/{contract}/{month}/deductions/{deduction}/confirm": "",
	"POST /api/staff/v1/periods/{contract}/{month}/deductions/{deduction}/waive":   `{"reason":"goodwill"}`,
	"POST /api/staff/v1/contracts/{id}/overage":                                    `{"line":"work","minutes":60,"text":"May we?"}`,
	"GET /api/staff/v1/contracts/{id}/forecasts":                                   "",
	"GET /api/staff/v1/mail":                                                       "",
	"POST /api/staff/v1/mail/{id}/send-again":                                      "",

	"GET /":                                                  "",
	"GET /clients":                                           "",
	"GET /clients/new":                                       "",
	"POST /clients/new":                                      "name=",
	"GET /clients/{id}":                                      "",
	"POST /clients/{id}/rename":                              "name=Other&key=k",
	"GET /clients/{id}/login-rules":                          "",
	"POST /clients/{id}/login-rules":                         "",
	"POST /clients/{id}/seat-limit":                          "limit=3&key=k",
	"POST /clients/{id}/account-manager":                     "manager=" + personOf(domain.Owner).String() + "&key=k",
	"GET /clients/{id}/people/invite":                        "",
	"POST /clients/{id}/people/invite":                       "role=client_admin&key=k",
	"GET /clients/{id}/people/{person}":                      "",
	"GET /clients/{id}/people/{person}/deactivate":           "",
	"GET /clients/{id}/people/{person}/erase":                "",
	"POST /clients/{id}/people/{person}/invite":              "key=k",
	"POST /clients/{id}/people/{person}/reset-link":          "key=k",
	"POST /clients/{id}/people/{person}/withdraw-invitation": "key=k",
	"POST /clients/{id}/people/{person}/role":                "key=k",
	"POST /clients/{id}/people/{person}/grants":              "key=k",
	"POST /clients/{id}/people/{person}/deactivate":          "key=k",
	"POST /clients/{id}/people/{person}/erase":               "key=k",
	"GET /contracts":                                         "?expiring=on",
	"GET /contracts/new":                                     "?client=" + missing,
	"POST /contracts/new":                                    "reference=C&key=k",
	"GET /contracts/{id}":                                    "",
	"GET /contracts/{id}/edit":                               "",
	"POST /contracts/{id}/edit":                              "reference=C&key=k",
	"GET /contracts/{id}/amend":                              "",
	"POST /contracts/{id}/amend":                             "statement=S&key=k",
	"POST /contracts/{id}/submit":                            "key=k",
	"GET /contracts/{id}/offer":                              "",
	"POST /contracts/{id}/offer":                             "statement=S&key=k",
	"GET /contracts/{id}/accept":                             "",
	"POST /contracts/{id}/accept":                            "paper=P&key=k",
	"GET /contracts/{id}/decline":                            "",
	"POST /contracts/{id}/decline":                           "key=k",
	"GET /contracts/{id}/return":                             "",
	"POST /contracts/{id}/return":                            "key=k",
	"POST /contracts/{id}/activate":                          "key=k",
	"POST /contracts/{id}/resume":                            "key=k",
	"GET /contracts/{id}/renew":                              "",
	"POST /contracts/{id}/renew":                             "ends=2027-06-30&key=k",
	"GET /contracts/{id}/suspend":                            "",
	"POST /contracts/{id}/suspend":                           "key=k",
	"GET /contracts/{id}/terminate":                          "",
	"POST /contracts/{id}/terminate":                         "key=k",
	"GET /contracts/{id}/buckets":                            "",
	"POST /contracts/{id}/buckets":                           "line=work&hours=1&key=k",
	"GET /contracts/{id}/buckets/{bid}/adjust":               "",
	"POST /contracts/{id}/buckets/{bid}/adjust":              "hours=1&reason=R&key=k",
	"POST /contracts/{id}/milestones/{line}/{key}/release":   "key=k",
	"GET /contracts/{id}/versions/{number}":                  "",
	"GET /contracts/{id}/compare":                            "?from=1&to=2",
	"GET /contracts/{id}/amendments/{aid}":                   "",
	"POST /contracts/{id}/amendments/{aid}/approve":          "key=k",
	"POST /contracts/{id}/amendments/{aid}/offer":            "key=k",
	"GET /contracts/{id}/amendments/{aid}/accept":            "",
	"POST /contracts/{id}/amendments/{aid}/accept":           "paper=P&key=k",
	"GET /contracts/{id}/amendments/{aid}/decline":           "",
	"POST /contracts/{id}/amendments/{aid}/decline":          "key=k",
	"GET /contracts/{id}/amendments/{aid}/reject":            "",
	"POST /contracts/{id}/amendments/{aid}/reject":           "reason=R&key=k",
	"POST /contracts/{id}/amendments/{aid}/withdraw":         "key=k",
	"GET /staff":                                   "",
	"GET /staff/invite":                            "",
	"POST /staff/invite":                           "name=&role=ops&key=k",
	"GET /staff/login-rules":                       "",
	"POST /staff/login-rules":                      "passwords_off=on",
	"GET /staff/{person}":                          "",
	"GET /staff/{person}/deactivate":               "",
	"GET /staff/{person}/erase":                    "",
	"POST /staff/{person}/invite":                  "key=k",
	"POST /staff/{person}/reset-link":              "key=k",
	"POST /staff/{person}/withdraw-invitation":     "key=k",
	"POST /staff/{person}/role":                    "key=k",
	"POST /staff/{person}/deactivate":              "key=k",
	"POST /staff/{person}/erase":                   "key=k",
	"GET /rate-cards":                              "",
	"GET /rate-cards/resolve":                      "?job_type=a&contract=" + missing,
	"GET /rate-cards/new":                          "",
	"POST /rate-cards/new":                         "name=",
	"GET /rate-cards/{id}":                         "",
	"GET /rate-cards/{id}/publish":                 "",
	"POST /rate-cards/{id}/publish":                "key=k&base=1&name=N&from=2026-01-01&rows=price%0A1",
	"POST /rate-cards/{id}/supersede":              "key=k",
	"GET /rate-cards/{id}/costs":                   "",
	"POST /rate-cards/{id}/costs":                  "key=k&from=2026-01-01&rows=hour%0A1",
	"GET /sla-policies":                            "",
	"GET /sla-policies/new":                        "",
	"POST /sla-policies/new":                       "name=",
	"GET /sla-policies/{id}":                       "",
	"GET /sla-policies/{id}/publish":               "",
	"POST /sla-policies/{id}/publish":              "key=k&base=1&name=N&from=2026-01-01&targets=priority,resolution%0Alow,1h",
	"POST /sla-policies/{id}/supersede":            "key=k",
	"GET /calendars":                               "",
	"GET /calendars/new":                           "",
	"POST /calendars/new":                          "name=",
	"GET /calendars/{id}":                          "",
	"GET /calendars/{id}/publish":                  "",
	"POST /calendars/{id}/publish":                 "key=k&base=1&name=N&from=2026-01-01&zone=UTC&always=on",
	"POST /calendars/{id}/supersede":               "key=k",
	"GET /calendars/{id}/import-holidays":          "",
	"POST /calendars/{id}/import-holidays":         "key=k&place=AU&from=2026&to=2027",
	"POST /calendars/{id}/holidays":                "key=k&date=2026-12-25&name=Christmas+Day",
	"GET /people/import":                           "",
	"POST /people/import":                          "",
	"POST /people/import/run":                      "",
	"GET /access-log":                              "",
	"GET /access-log/export":                       "",
	"GET /mail":                                    "",
	"GET /time":                                    "",
	"POST /time":                                   "work=" + missing + "+a&zone=UTC&day=2026-03-16&from=09%3A00&until=10%3A00&key=k",
	"POST /time/submit":                            "week=2026-03-16&key=k",
	"POST /timer":                                  "act=discard&key=k",
	"GET /time/{id}":                               "",
	"POST /time/{id}/revise":                       "work=" + missing + "+a&zone=UTC&day=2026-03-16&from=09%3A00&until=10%3A00&key=k",
	"POST /time/{id}/discard":                      "key=k",
	"POST /time/{id}/submit":                       "key=k",
	"POST /time/{id}/approve":                      "key=k",
	"POST /time/{id}/return":                       "return_reason=Why&key=k",
	"POST /time/{id}/correct":                      "correction=Why&nothing=on&key=k",
	"GET /approvals":                               "",
	"POST /approvals":                              "contract=" + missing + "&month=2026-03&time=" + missing + "&act=approve&key=k",
	"GET /contracts/{id}/periods/{month}":          "",
	"POST /contracts/{id}/periods/{month}/open":    "key=k",
	"POST /contracts/{id}/periods/{month}/close":   "key=k",
	"POST /contracts/{id}/periods/{month}/charges": "line=work&text=Hosting&amount=1&key=k",
	"POST /contracts/{id}/periods/{month}/move":    "time=" + missing + "&key=k",
	"POST /contracts/{id}/periods/{month}/deductions/{deduction}/confirm": "deducted=200&key=k",
	"POST /contracts/{id}/periods/{month}/deductions/{deduction}/waive":   "waiver." + missing + "=goodwill&key=k",
	"POST /contracts/{id}/periods/{month}/overage":                        "overage_line=work&overage_hours=1&question=May+we%3F&key=k",
	"GET /contracts/{id}/forecasts":                                       "",
	"POST /mail/{id}/send-again":                                          "",

	"GET /queue":                                           "",
	"GET /tickets":                                         "",
	"GET /tickets/new":                                     "",
	"POST /tickets/new":                                    "title=&key=k",
	"GET /tickets/{id}":                                    "",
	"POST /tickets/{id}/reply":                             "reply=Hello&key=k",
	"POST /tickets/{id}/note":                              "note=Hello&key=k",
	"GET /tickets/{id}/triage":                             "",
	"POST /tickets/{id}/triage":                            "category=" + missing + "+a&priority=low&key=k",
	"GET /tickets/{id}/assign":                             "",
	"POST /tickets/{id}/assign":                            "team=Platform&key=k",
	"POST /tickets/{id}/start":                             "key=k",
	"POST /tickets/{id}/watch":                             "key=k",
	"POST /tickets/{id}/unwatch":                           "key=k",
	"GET /tickets/{id}/ask":                                "",
	"POST /tickets/{id}/ask":                               "text=Why&key=k",
	"GET /tickets/{id}/third-party":                        "",
	"POST /tickets/{id}/third-party":                       "key=k",
	"GET /tickets/{id}/hold":                               "",
	"POST /tickets/{id}/hold":                              "key=k",
	"POST /tickets/{id}/resume":                            "key=k",
	"GET /tickets/{id}/estimate":                           "",
	"POST /tickets/{id}/estimate":                          "category=" + missing + "+a&hours=1&text=May+we%3F&key=k",
	"GET /tickets/{id}/resolve":                            "",
	"POST /tickets/{id}/resolve":                           "key=k",
	"POST /tickets/{id}/close":                             "key=k",
	"GET /tickets/{id}/reopen":                             "",
	"POST /tickets/{id}/reopen":                            "key=k",
	"GET /tickets/{id}/cancel":                             "",
	"POST /tickets/{id}/cancel":                            "key=k",
	"GET /tickets/{id}/merge":                              "",
	"POST /tickets/{id}/merge":                             "into=" + personOf(domain.Owner).String() + "&key=k",
	"GET /tickets/{id}/duplicate":                          "",
	"POST /tickets/{id}/duplicate":                         "into=" + personOf(domain.Owner).String() + "&key=k",
	"GET /tickets/{id}/split":                              "",
	"POST /tickets/{id}/split":                             "comments=" + missing + "&title=T&key=k",
	"GET /tickets/{id}/link":                               "",
	"POST /tickets/{id}/link":                              "other=TKT-1&relation=blocks&key=k",
	"GET /tickets/{id}/unlink":                             "",
	"POST /tickets/{id}/unlink":                            "other=" + personOf(domain.Owner).String() + "&relation=blocks&key=k",
	"GET /tickets/{id}/move":                               "",
	"POST /tickets/{id}/move":                              "client=" + missing + "&key=k",
	"GET /tickets/{id}/acknowledge":                        "",
	"POST /tickets/{id}/acknowledge":                       "key=k",
	"GET /tickets/{id}/excuse":                             "",
	"POST /tickets/{id}/excuse":                            "goal=resolution+1&why=mistake&reason=R&key=k",
	"GET /tickets/{id}/publish":                            "",
	"POST /tickets/{id}/publish":                           "key=k",
	"GET /tickets/{id}/withdraw":                           "",
	"POST /tickets/{id}/withdraw":                          "key=k",
	"GET /tickets/{id}/comments/{comment}/edit":            "",
	"POST /tickets/{id}/comments/{comment}/edit":           "text=Hello&key=k",
	"GET /tickets/{id}/comments/{comment}/delete":          "",
	"POST /tickets/{id}/comments/{comment}/delete":         "key=k",
	"GET /tickets/{id}/comments/{comment}/withdraw":        "",
	"POST /tickets/{id}/comments/{comment}/withdraw":       "key=k",
	"POST /tickets/{id}/attachments/{attachment}/publish":  "key=k",
	"GET /tickets/{id}/attachments/{attachment}/withdraw":  "",
	"POST /tickets/{id}/attachments/{attachment}/withdraw": "key=k",
	"GET /tickets/{id}/attachments/{attachment}/erase":     "",
	"POST /tickets/{id}/attachments/{attachment}/erase":    "key=k",
	"POST /views":                                          "list=queue&name=Mine&query=&key=k",
	"POST /views/{id}/delete":                              "key=k",
	"GET /notices":                                         "",
	"POST /notices/read":                                   "key=k",
	"GET /sla":                                             "",
	"GET /sla/what-if":                                     "",
	"GET /sla/pauses":                                      "",

	"GET /api/staff/v1/webhooks":                                        "",
	"POST /api/staff/v1/webhooks":                                       `{"url":"https://hooks.example.org/in"}`,
	"GET /api/staff/v1/webhooks/{id}":                                   "",
	"POST /api/staff/v1/webhooks/{id}":                                  `{"url":"https://hooks.example.org/in"}`,
	"GET /api/staff/v1/webhooks/{id}/deliveries":                        "",
	"POST /api/staff/v1/webhooks/{id}/deliveries/{delivery}/send-again": "",
	"POST /api/staff/v1/webhooks/{id}/secret":                           "",
	"POST /api/staff/v1/webhooks/{id}/pause":                            "",
	"POST /api/staff/v1/webhooks/{id}/resume":                           "",
	"POST /api/staff/v1/webhooks/{id}/remove":                           "",
	"POST /api/staff/v1/webhooks/{id}/test":                             "",
	"GET /webhooks":                                                     "",
	"POST /webhooks":                                                    "url=https%3A%2F%2Fhooks.example.org%2Fin",
	"GET /webhooks/new":                                                 "",
	"GET /webhooks/{id}":                                                "",
	"GET /webhooks/{id}/edit":                                           "",
	"POST /webhooks/{id}/edit":                                          "url=https%3A%2F%2Fhooks.example.org%2Fin",
	"GET /webhooks/{id}/remove":                                         "",
	"POST /webhooks/{id}/deliveries/{delivery}/send-again":              "",
	"POST /webhooks/{id}/secret":                                        "key=k",
	"POST /webhooks/{id}/pause":                                         "key=k",
	"POST /webhooks/{id}/resume":                                        "key=k",
	"POST /webhooks/{id}/remove":                                        "key=k",
	"POST /webhooks/{id}/test":                                          "key=k",

	"GET /api/staff/v1/invoices":                                            "?state=draft",
	"GET /api/staff/v1/invoices/{id}":                                       "",
	"GET /api/staff/v1/invoices/{id}/pdf":                                   "",
	"GET /api/staff/v1/invoices/{id}/recompute":                             "",
	"GET /api/staff/v1/invoices/{id}/xml":                                   "",
	"GET /api/staff/v1/invoices/{id}/csv":                                   "",
	"GET /api/staff/v1/credit-notes/{id}/pdf":                               "",
	"GET /api/staff/v1/credit-notes/{id}/xml":                               "",
	"GET /api/staff/v1/credit-notes/{id}/csv":                               "",
	"POST /api/staff/v1/invoices":                                           `{"contract":"` + missing + `","month":"2026-02"}`,
	"GET /api/staff/v1/payments/{id}/receipt":                               "",
	"POST /api/staff/v1/invoices/preview":                                   `{"contract":"` + missing + `","month":"2026-02"}`,
	"POST /api/staff/v1/invoices/run":                                       `{"month":"2026-02","preview":true}`,
	"POST /api/staff/v1/invoices/{id}/lines":                                `{"text":"Discount","unit_price":"-1","reason":"R"}`,
	"DELETE /api/staff/v1/invoices/{id}/lines/{line}":                       "",
	"POST /api/staff/v1/invoices/{id}/lines/{line}/reword":                  `{"text":"Other"}`,
	"POST /api/staff/v1/invoices/{id}/submit":                               "",
	"POST /api/staff/v1/invoices/{id}/approve":                              `{"shown":"` + strings.Repeat("0", 64) + `"}`,
	"POST /api/staff/v1/invoices/{id}/return":                               `{"reason":"R"}`,
	"POST /api/staff/v1/invoices/{id}/discard":                              `{"reason":"R"}`,
	"POST /api/staff/v1/invoices/{id}/issue":                                "",
	"POST /api/staff/v1/invoices/{id}/credit":                               `{"code":"goodwill","reason":"R"}`,
	"POST /api/staff/v1/invoices/{id}/write-off":                            `{"reason":"R"}`,
	"GET /api/staff/v1/receivables":                                         "",
	"GET /api/staff/v1/payments":                                            "",
	"GET /api/staff/v1/payments/{id}":                                       "",
	"POST /api/staff/v1/payments":                                           `{"client":"` + missing + `","amount":"1","currency":"EUR","day":"2026-03-16"}`,
	"POST /api/staff/v1/payments/{id}/allocate":                             `{"invoice":"` + missing + `","amount":"1"}`,
	"POST /api/staff/v1/payments/{id}/refund":                               `{"amount":"1","day":"2026-03-16","reason":"R"}`,
	"POST /api/staff/v1/payments/{id}/reverse":                              `{"day":"2026-03-16","reason":"R"}`,
	"GET /api/staff/v1/disputes":                                            "",
	"GET /api/staff/v1/disputes/{id}/attachments/{attachment}":              "",
	"GET /disputes/{id}/attachments/{attachment}":                           "",
	"POST /api/staff/v1/disputes/{id}/attachments/{attachment}/erase":       `{"reason":"asked"}`,
	"GET /invoices/{id}/disputes/{dispute}/attachments/{attachment}/erase":  "",
	"POST /invoices/{id}/disputes/{dispute}/attachments/{attachment}/erase": "key=k&reason=asked",
	"POST /api/staff/v1/disputes/{id}/take":                                 "",
	"POST /api/staff/v1/disputes/{id}/settle":                               `{"accepted":false,"answer":"A"}`,
	"GET /api/staff/v1/issuers":                                             "",
	"PUT /api/staff/v1/issuers":                                             `{"content":` + someIssuer + `}`,
	"GET /api/staff/v1/exchange-rates":                                      "",
	"PUT /api/staff/v1/exchange-rates":                                      `{"from":"USD","to":"AUD","day":"2026-03-16","rate":"1.5","source":"RBA"}`,
	"GET /api/staff/v1/clients/{id}/billing":                                "",
	"PUT /api/staff/v1/clients/{id}/billing":                                `{"party":{"name":"Nexus","country":"DE"}}`,
	"GET /invoices":                                                         "?state=issued",
	"POST /invoices":                                                        "contract=" + missing + "&month=2026-02&key=k",
	"GET /invoices/run":                                                     "",
	"POST /invoices/run":                                                    "month=2026-02&key=k",
	"GET /invoices/{id}":                                                    "",
	"GET /invoices/{id}/pdf":                                                "",
	"GET /invoices/{id}/xml":                                                "",
	"GET /invoices/{id}/csv":                                                "",
	"GET /payments/{id}/receipt":                                            "",
	"GET /invoices/{id}/preview":                                            "",
	"GET /invoices/{id}/recompute":                                          "",
	"GET /credit-notes/{id}/pdf":                                            "",
	"GET /credit-notes/{id}/xml":                                            "",
	"GET /credit-notes/{id}/csv":                                            "",
	"GET /invoices/{id}/issue":                                              "",
	"POST /invoices/{id}/issue":                                             "key=k",
	"GET /invoices/{id}/credit":                                             "",
	"POST /invoices/{id}/credit":                                            "what=all&rebill=no&code=goodwill&reason=R&key=k",
	"POST /invoices/{id}/lines":                                             "text=Discount&unit_price=-1&why=R&key=k",
	"POST /invoices/{id}/lines/{line}/remove":                               "key=k",
	"POST /invoices/{id}/reword":                                            "line=" + missing + "&words=Other&key=k",
	"POST /invoices/{id}/submit":                                            "key=k",
	"POST /invoices/{id}/approve":                                           "shown=0&key=k",
	"POST /invoices/{id}/return":                                            "act=return&reason.return=R&key=k",
	"POST /invoices/{id}/discard":                                           "act=discard&reason.discard=R&key=k",
	"POST /invoices/{id}/write-off":                                         "act=write-off&reason.write-off=R&key=k",
	"POST /invoices/{id}/disputes/{dispute}/take":                           "key=k",
	"POST /invoices/{id}/disputes/{dispute}/settle":                         "verdict=reject&answer." + missing + "=A&key=k",
	"GET /payments":                                                         "",
	"POST /payments":                                                        "client=" + missing + "&amount=1&currency=EUR&day=2026-03-16&key=k",
	"GET /payments/{id}":                                                    "",
	"POST /payments/{id}/allocate":                                          "invoice=" + missing + "&part=1&key=k",
	"POST /payments/{id}/refund":                                            "refund=1&refund_day=2026-03-16&refund_reason=R&key=k",
	"POST /payments/{id}/reverse":                                           "reverse_day=2026-03-16&reverse_reason=R&key=k",
	"GET /issuers":                                                          "",
	"GET /issuers/describe":                                                 "",
	"POST /issuers/describe":                                                "issuer=main&key=k",
	"GET /exchange-rates":                                                   "",
	"POST /exchange-rates":                                                  "from=USD&to=AUD&day=2026-03-16&rate=1.5&source=RBA&key=k",
	"GET /clients/{id}/billing":                                             "",
	"POST /clients/{id}/billing":                                            "party.name=Nexus&party.country=DE&key=k",
}

// someTerms are those of a plain contract.
const someTerms = `{"agreed":{"starts":"2026-01-01","currency":"AUD","lines":[{"key":"work","name":"Work","type":"bucket","job_types":[{"key":"a","name":"A"}]}]},"staff":{"support_level":"standard"}}`

const rules = `{"second_factor":false,"domains":[],"passwords_off":true}`

// someIssuer invoices in the zone of Berlin.
const someIssuer = `{"party":{"name":"Firm GmbH","country":"DE"},"zone":"Europe/Berlin","invoice_prefix":"INV","credit_prefix":"CN","rates":[{"category":"standard","kind":"S","percent":"20","name":"VAT 20 %"}],"default_category":"standard"}`

// public are the routes that need no login. Those of logging in are tested where they are made.
var public = map[string]bool{"GET /openapi.json": true, "GET /assets/{name}": true, "POST /theme": true, "POST /hooks/payments": true}

// TestEveryRouteHasARow, and every row a route. What everybody may do with the own account is the business of
// the pages of logging in, and of their tests.
func TestEveryRouteHasARow(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	found := map[string]bool{}
	for _, route := range o.console.Routes() {
		name := route.Method + " " + route.Pattern
		found[name] = true
		_, row := sent[name]
		switch {
		case row && !route.Public(), public[name] && route.Public(), name == "GET /events":
		case ofSignin(route):
		default:
			t.Errorf("%s has no row: say what it takes", name)
		}
	}
	for name := range sent {
		if !found[name] {
			t.Errorf("%s has a row and does not exist", name)
		}
	}
}

// signinPaths begin the routes of logging in and of the own account.
var signinPaths = []string{
	"/login", "/logout", "/forgot", "/reset/", "/invitation/", "/confirm-email/", "/step-up", "/account",
	api + "/me",
}

func ofSignin(route web.Route) bool {
	own := route.Public() || route.Permission == access.OwnAccount || route.Permission == access.SecureAccount
	return own && slices.ContainsFunc(signinPaths, func(path string) bool { return strings.HasPrefix(route.Pattern, path) })
}

// ask sends a request to a route: target is the path, with what a GET's row adds.
func (o *office) ask(token, method, pattern, target string, key bool) reply {
	o.t.Helper()
	body := sent[method+" "+pattern]
	if method == http.MethodGet {
		target, body = target+body, ""
	}
	r := httptest.NewRequestWithContext(o.t.Context(), method, target, strings.NewReader(body))
	switch {
	case key:
		r.Header.Set("Authorization", "Bearer "+token)
	case token != "":
		r.AddCookie(&http.Cookie{Name: "__Host-effigate_console", Value: token})
	}
	switch {
	case method == http.MethodPost && strings.HasSuffix(pattern, "/attachments"):
		if !strings.HasPrefix(pattern, "/api/") {
			r.Header.Set("Accept", "text/html")
		}
		r.Header.Set("Content-Type", "multipart/form-data; boundary=uploaded")
	case !strings.HasPrefix(pattern, "/api/"):
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case body != "":
		r.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		o.keys++
		r.Header.Set("Idempotency-Key", fmt.Sprint("key ", o.keys))
	}
	w := httptest.NewRecorder()
	o.console.Handler().ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	if strings.HasPrefix(pattern, "/api/") {
		if err := o.description.check(method, target, got); err != nil {
			o.t.Errorf("the answer breaks the API's description: %v", err)
		}
	}
	return got
}

// at fills the parameters of a pattern.
func at(pattern, id string) string {
	return strings.NewReplacer("/lines/{line}", "/lines/"+missing, "{id}", id, "{comment}", missing, "{attachment}", missing, "{person}", missing, "{aid}", missing, "{bid}", missing, "{number}", "1", "{line}", "work", "{key}", "m", "{contract}", id, "{month}", "2026-03", "{deduction}", missing, "{dispute}", missing).Replace(pattern)
}

// TestAccess asks every route as everybody, about things that do not exist: the answers must be those of the
// table of access.
func TestAccess(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	gone := domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "gone")}
	o.join(gone, domain.ClientID{}, domain.Owner, "Gone")
	o.world.Log.Record(t, person.Stream(gone), person.Deactivated{At: epoch})
	o.world.Read(t, nothing)
	for _, route := range o.console.Routes() {
		if _, row := sent[route.Method+" "+route.Pattern]; !row {
			continue
		}
		page := !strings.HasPrefix(route.Pattern, "/api/")
		name, target := route.Method+" "+route.Pattern, at(route.Pattern, missing)
		ask := func(token string) int { return o.ask(token, route.Method, route.Pattern, target, false).status }
		want := func(who string, got int, allowed ...int) {
			t.Helper()
			if !slices.Contains(allowed, got) {
				t.Errorf("%s as %s: %d, want one of %v", name, who, got, allowed)
			}
		}
		if page {
			want("nobody", ask(""), http.StatusSeeOther)
		} else {
			want("nobody", ask(""), http.StatusUnauthorized)
		}
		for _, role := range []domain.Role{domain.ClientAdmin, domain.ClientEmployee} {
			want(string(role), ask(string(role)), http.StatusNotFound)
		}
		// Whom the read model or the events know as gone gets nothing, whatever the login still says.
		leaver := o.ask("owner+id="+gone.String(), route.Method, route.Pattern, target, false)
		if to := leaver.header.Get("Location"); leaver.status < http.StatusBadRequest && !strings.HasPrefix(to, "/login?") {
			t.Errorf("%s as a leaver: %d %s", name, leaver.status, to)
		}
		want("a leaver", leaver.status, http.StatusUnauthorized, http.StatusForbidden, http.StatusSeeOther, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType)
		for _, role := range staffRoles {
			got := ask(string(role))
			may := access.ScopeOf(role, route.Permission) != access.Nothing
			switch {
			case may == (got == http.StatusForbidden), got >= http.StatusInternalServerError, got == http.StatusUnauthorized:
				t.Errorf("%s as %s: %d", name, role, got)
			case may && strings.Contains(route.Pattern, "{") && got != http.StatusNotFound:
				t.Errorf("%s of nothing as %s: %d", name, role, got)
			}
		}
		o.askWithLess(t, route, target)
	}
}

// askWithLess asks a route with proofs that are too old, and with keys of every kind, as an owner.
func (o *office) askWithLess(t *testing.T, route web.Route, target string) {
	t.Helper()
	rule, _ := access.Of(route.Permission)
	stale := o.ask("owner+stale", route.Method, route.Pattern, target, false)
	page := !strings.HasPrefix(route.Pattern, "/api/")
	switch stepped := page && strings.HasPrefix(stale.header.Get("Location"), "/step-up"); {
	case page && rule.StepUp != stepped:
		t.Errorf("%s with a stale proof: %d %s", route.Pattern, stale.status, stale.header.Get("Location"))
	case !page && rule.StepUp:
		stale.refused(t, http.StatusForbidden, "step_up_required")
	}
	ask := func(token string) reply { return o.ask(token, route.Method, route.Pattern, target, true) }
	if page {
		if got := ask("owner"); got.status != http.StatusSeeOther {
			t.Errorf("%s %s with a key: %d", route.Method, route.Pattern, got.status)
		}
		return
	}
	ask("owner+scope=account.own").refused(t, http.StatusForbidden, "key_may_not")
	if access.ScopeOf(domain.Owner, route.Permission) == access.Nothing {
		return
	}
	for _, token := range []string{"owner", "owner+scope=" + string(route.Permission)} {
		if got := ask(token); rule.StepUp != (got.status == http.StatusForbidden) {
			t.Errorf("%s %s with the key %s: %d %s", route.Method, route.Pattern, token, got.status, got.body)
		}
	}
}

// TestOwnClients asks every route about one client as its account manager, and about another's.
func TestOwnClients(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	ids := map[string]string{}
	for _, name := range []string{"own", "other"} {
		ids[name], _ = o.post(domain.Owner, api+"/clients", `{"name":"`+name+`","zone":"UTC","language":"en","currency":"EUR"}`)
	}
	o.world.Log.Record(t, client.Stream(domain.ClientID{UUID: uuid.MustParse(ids["own"])}), client.AccountManagerAssigned{
		Staff: client.AccountManagerAssignedStaff{Manager: personOf(domain.AccountManager)},
	})
	o.world.Read(t, nothing)
	asked := 0
	for _, route := range o.console.Routes() {
		if _, row := sent[route.Method+" "+route.Pattern]; !row || !strings.Contains(route.Pattern, "/clients/{id}") {
			continue
		}
		scope := access.ScopeOf(domain.AccountManager, route.Permission)
		for name, id := range ids {
			got := o.ask("account_manager", route.Method, route.Pattern, at(route.Pattern, id), false)
			forbidden := scope == access.Nothing || scope == access.OwnClients && name == "other"
			if forbidden != (got.status == http.StatusForbidden) || got.status >= http.StatusInternalServerError {
				t.Errorf("%s %s of the %s client: %d %s", route.Method, route.Pattern, name, got.status, got.body)
			}
		}
		if scope == access.OwnClients {
			asked++
		}
	}
	if asked < 5 {
		t.Errorf("%d routes were narrowed to own clients, want the rules, the seats and the name at least", asked)
	}
}

func TestProjections(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	var list struct {
		Items []struct{ Name, Position, State string }
	}
	o.get(domain.Ops, api+"/projections", "", &list)
	if len(list.Items) != 1 || list.Items[0].Name != "staff" || list.Items[0].Position != "7/7" || list.Items[0].State != "live" {
		t.Errorf("projections: %+v", list.Items)
	}
}
