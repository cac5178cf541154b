// The benchmark of clients: nats.go. Built by hand where Go is installed, and not needed by anything:
//
//	cd bench/client/nats_go_role && go build -o ../../../build/nats-go-role .
//
// The roles are client_role.cc's.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const window = 500

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func cpu() time.Duration {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

type stretch struct {
	began time.Time
	cpu   time.Duration
}

func begin() stretch { return stretch{time.Now(), cpu()} }

func (s stretch) print(count int, more string) {
	each := float64(cpu()-s.cpu) / 1e3 / float64(count)
	fmt.Printf("{\"cpu_us\": %.5f, \"rate\": %.1f%s}\n", each, float64(count)/time.Since(s.began).Seconds(), more)
}

func publish(nc *nats.Conn, count int, data []byte) {
	s := begin()
	for range count {
		check(nc.Publish("bench", data))
	}
	check(nc.FlushTimeout(time.Minute))
	s.print(count, "")
}

func subscribe(nc *nats.Conn, count int) {
	var seen atomic.Int64
	var s stretch
	done := make(chan struct{})
	sub, err := nc.Subscribe("bench", func(*nats.Msg) {
		now := seen.Add(1)
		if now == 1 {
			s = begin()
		}
		if now == int64(count) {
			close(done)
		}
	})
	check(err)
	check(sub.SetPendingLimits(-1, -1))
	check(nc.Flush())
	fmt.Println("ready")
	<-done
	s.print(count, "")
}

func request(nc *nats.Conn, count int, data []byte) {
	times := make([]float64, count)
	s := begin()
	for i := range count {
		began := time.Now()
		_, err := nc.Request("bench", data, 5*time.Second)
		check(err)
		times[i] = float64(time.Since(began)) / 1e3
	}
	slices.Sort(times)
	s.print(count, fmt.Sprintf(", \"p50_us\": %f", times[count/2]))
}

func serve(nc *nats.Conn) {
	_, err := nc.Subscribe("bench", func(m *nats.Msg) { check(m.Respond(m.Data)) })
	check(err)
	check(nc.Flush())
	fmt.Println("ready")
	for reader := bufio.NewReader(os.Stdin); err == nil; {
		_, err = reader.ReadByte()
	}
}

func store(nc *nats.Conn, count int, data []byte) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(window))
	check(err)
	s := begin()
	for range count {
		_, err := js.PublishAsync("stored.a", data, jetstream.WithStallWait(5*time.Second))
		check(err)
	}
	<-js.PublishAsyncComplete()
	s.print(count, "")
}

func fetch(nc *nats.Conn, count int) {
	js, err := jetstream.New(nc)
	check(err)
	consumer, err := js.Consumer(context.Background(), "BENCH", "bench")
	check(err)
	s := begin()
	for fetched := 0; fetched < count; {
		batch, err := consumer.Fetch(window, jetstream.FetchMaxWait(5*time.Second))
		check(err)
		for m := range batch.Messages() {
			check(m.Ack())
			fetched++
		}
		check(batch.Error())
	}
	check(nc.FlushTimeout(time.Minute))
	s.print(count, "")
}

func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	check(err)
	pages, err := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	check(err)
	return pages * float64(os.Getpagesize())
}

func hold(nc *nats.Conn, count int) {
	check(nc.Flush())
	before := resident()
	for i := range count {
		_, err := nc.Subscribe(fmt.Sprintf("hold.%d", i), func(*nats.Msg) {})
		check(err)
	}
	check(nc.Flush())
	fmt.Printf("{\"bytes\": %.1f}\n", (resident()-before)/float64(count))
}

func main() {
	role, url := os.Args[1], os.Args[2]
	count, err := strconv.Atoi(os.Args[3])
	check(err)
	size, err := strconv.Atoi(os.Args[4])
	check(err)
	nc, err := nats.Connect(url)
	check(err)
	data := []byte(strings.Repeat("x", size))
	switch role {
	case "publish":
		publish(nc, count, data)
	case "subscribe":
		subscribe(nc, count)
	case "request":
		request(nc, count, data)
	case "serve":
		serve(nc)
	case "store":
		store(nc, count, data)
	case "fetch":
		fetch(nc, count)
	case "hold":
		hold(nc, count)
	default:
		log.Fatal("no such role: ", role)
	}
}
