// The works of benches/api/works.rs, with goroutines: WORK N.
package main

import (
	"fmt"
	"math"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func spawn(n int) {
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go all.Done()
	}
	all.Wait()
}

func spawnBatches(n int) {
	for i := 0; i < n/100; i++ {
		spawn(100)
	}
}

func both(turns func(me int)) {
	var all sync.WaitGroup
	all.Add(2)
	for me := 0; me < 2; me++ {
		go func(me int) {
			defer all.Done()
			turns(me)
		}(me)
	}
	all.Wait()
}

func yields(n int) {
	both(func(int) {
		for i := 0; i < n/2; i++ {
			runtime.Gosched()
		}
	})
}

// A token goes to and fro in two channels with so much room: Go's queue, and what its
// events and semaphores are made of.
func channels(n, room int) {
	c := [2]chan int{make(chan int, room), make(chan int, room)}
	both(func(me int) {
		for i := 0; i < n/2; i++ {
			if me == 0 {
				c[1] <- i
			}
			<-c[me]
			if me == 1 {
				c[0] <- i
			}
		}
	})
}

// As all servers here: accepted sockets inherit it.
func withoutBBR(listener *net.TCPListener) error {
	raw, err := listener.SyscallConn()
	if err != nil {
		return err
	}
	const congestion = 13 // TCP_CONGESTION
	var set error
	err = raw.Control(func(fd uintptr) {
		set = syscall.SetsockoptString(int(fd), syscall.IPPROTO_TCP, congestion, "reno")
	})
	if err != nil {
		return err
	}
	return set
}

func echo() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := withoutBBR(listener.(*net.TCPListener)); err != nil {
		return err
	}
	fmt.Printf("port %d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			buffer := make([]byte, 4096)
			for {
				n, err := connection.Read(buffer)
				if err != nil {
					return
				}
				if _, err := connection.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	works := map[string]func(int){
		"spawn": spawn, "spawn_batches": spawnBatches, "switch": yields,
		"event":     func(n int) { channels(n, 1) },
		"queue":     func(n int) { channels(n, 1) },
		"semaphore": func(n int) { channels(n, 1) },
	}
	if os.Args[1] == "echo" {
		fmt.Fprintln(os.Stderr, echo())
		os.Exit(1)
	}
	work := works[os.Args[1]]
	work(n)
	best := math.Inf(1)
	for i := 0; i < 3; i++ {
		start := time.Now()
		work(n)
		best = math.Min(best, float64(time.Since(start).Nanoseconds())/float64(n))
	}
	fmt.Println("ns", best)
}
