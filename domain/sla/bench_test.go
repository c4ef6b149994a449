package sla_test

import (
	"strconv"
	"testing"
	"time"

	"effigate/domain/calendar"
	"effigate/domain/sla"
)

// busy is a pin with all that one may have: a split working day, 75 special days, four levels.
func busy() sla.Pin {
	hours := calendar.Calendar{Zone: "Australia/Sydney"}
	for _, day := range []calendar.Weekday{"mon", "tue", "wed", "thu", "fri"} {
		hours.Week = append(hours.Week, calendar.OpenDay{Weekday: day, Hours: []calendar.Interval{{From: "09:00", Until: "12:30"}, {From: "13:00", Until: "17:00"}}})
	}
	for i := range 75 {
		hours.Days = append(hours.Days, calendar.SpecialDay{Date: calendar.Date("2026-01-01").Add(i * 24), Name: "Holiday", Holiday: true})
	}
	promise := sla.Promise{
		Source: sla.FromContract, Hours: hours,
		Content: sla.Policy{
			Targets: []sla.Target{{Priority: "critical", FirstResponseMinutes: 30, NextResponseMinutes: 120, ResolutionMinutes: 4800}},
		},
	}
	return promise.Select("critical", "", time.Time{})
}

// long is a ticket of many facts: questions and answers, holds, a new pin now and then.
func long(facts int) []sla.Fact {
	pin, at := busy(), time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	all := []sla.Fact{{What: sla.Began, Owed: true, At: at}, {What: sla.Pinned, Pin: pin, At: at}}
	for i := len(all); i < facts; i++ {
		at = at.Add(97 * time.Minute)
		fact := []sla.Fact{
			{What: sla.Asked},
			{What: sla.Entered, Into: sla.WaitingThirdParty},
			{What: sla.Answered},
			{What: sla.Entered, Into: sla.WaitingClient},
			{What: sla.Entered},
		}[i%5]
		if i%100 == 0 {
			fact = sla.Fact{What: sla.Pinned, Pin: pin}
		}
		fact.At = at
		all = append(all, fact)
	}
	return all
}

// Apply costs about the same whether the ticket has a long history or a short one.
func BenchmarkApply(b *testing.B) {
	for _, facts := range []int{10, 100, 2000} {
		b.Run(strconv.Itoa(facts), func(b *testing.B) {
			history := long(facts + 5)
			clock := sla.Replay(history[:facts])
			b.ReportAllocs()
			for b.Loop() {
				for _, fact := range history[facts:] {
					clock.Apply(fact)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5, "ns/fact")
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	for _, facts := range []int{10, 100, 2000} {
		b.Run(strconv.Itoa(facts), func(b *testing.B) {
			history := long(facts)
			b.ReportAllocs()
			for b.Loop() {
				sla.Replay(history)
			}
		})
	}
}

func BenchmarkThresholds(b *testing.B) {
	for _, facts := range []int{10, 2000} {
		b.Run(strconv.Itoa(facts), func(b *testing.B) {
			clock := sla.Replay(long(facts))
			b.ReportAllocs()
			for b.Loop() {
				clock.Thresholds()
			}
		})
	}
}

func BenchmarkReadings(b *testing.B) {
	clock := sla.Replay(long(12))
	for b.Loop() {
		clock.Readings(clock.At)
	}
}

func BenchmarkSchedule(b *testing.B) {
	hours := busy().Hours
	for b.Loop() {
		if _, err := hours.Schedule(); err != nil {
			b.Fatal(err)
		}
	}
}
