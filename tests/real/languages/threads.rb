# Ruby's threads: kernel threads that hand a lock of the interpreter's to each other, with
# a timer thread that asks for it, and signals that end a thread's wait.
require 'monitor'
require 'socket'
require 'timeout'

queue, results = Queue.new, Queue.new
workers = 8.times.map do
  Thread.new { while (x = queue.pop) != :end do results << x * x end }
end
500.times { |i| queue << i }
8.times { queue << :end }
workers.each(&:join)
puts results.size, 500.times.sum { results.pop }

sized, total = SizedQueue.new(3), 0
producer = Thread.new { 200.times { |i| sized << i }; sized << nil }
while (x = sized.pop) do total += x end
producer.join
puts total

mutex, turn, condition = Mutex.new, 0, ConditionVariable.new
10.times.map do |i|
  Thread.new do
    mutex.synchronize do
      condition.wait(mutex) while turn != i
      turn += 1
      condition.broadcast
    end
  end
end.each(&:join)
puts turn, Monitor.new.synchronize { 3 }

server = TCPServer.new('127.0.0.1', 0)
accepting = Thread.new do
  20.times.map do
    client = server.accept
    Thread.new { while (line = client.gets) do client.puts line.upcase end; client.close }
  end.each(&:join)
end
clients = 20.times.map do |i|
  Thread.new do
    socket = TCPSocket.new('127.0.0.1', server.addr[1])
    answers = 50.times.map { |k| socket.puts "hello #{i} #{k}"; socket.gets }
    socket.close
    answers == 50.times.map { |k| "HELLO #{i} #{k}\n" }
  end
end
puts clients.count(&:value)
accepting.join

begin
  Timeout.timeout(0.05) { sleep 60 }
rescue Timeout::Error => e
  puts e.message
end

reader, writer = IO.pipe
all = Thread.new { reader.read }
100.times { writer.write 'x' * 1000 }
writer.close
puts all.value.size

waiting = Thread.new { reader2, = IO.pipe; reader2.read }
Thread.pass until waiting.stop?
waiting.kill.join
puts waiting.status.inspect
raised = Thread.new { begin; sleep; rescue => e; e.message end }
Thread.pass until raised.stop?
raised.raise('raised')
puts raised.value

pid = fork { Thread.new { exit! 7 }.join }
Process.wait pid
puts $?.exitstatus
puts 10.times.map { |i| Thread.new { `echo #{i}` } }.map(&:value).join
double = Ractor.new { Ractor.receive * 2 }
double.send 21
puts double.take
count = 0
spinners = 4.times.map { Thread.new { 100_000.times { mutex.synchronize { count += 1 } } } }
spinners.each(&:join)
puts count, 'done'
