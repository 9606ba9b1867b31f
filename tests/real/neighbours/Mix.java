// A pool, garbage, sockets, monitors, a child.
import java.util.*; import java.util.concurrent.*; import java.util.concurrent.atomic.*; import java.net.*; import java.io.*;
public class Mix {
    public static void main(String[] a) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        AtomicLong sum = new AtomicLong();
        List<Future<Long>> f = new ArrayList<>();
        for (int i = 0; i < 40; i++) { final int n = i; f.add(pool.submit(() -> { Thread.sleep(2); byte[][] g = new byte[100][]; for (int k = 0; k < 2000; k++) g[k % 100] = new byte[1000 + n]; long s = 0; for (int k = 0; k < 100000; k++) s += k % (n + 1); return s; })); }
        for (Future<Long> x : f) sum.addAndGet(x.get());
        System.out.println("pool " + sum.get());
        try (ServerSocket ss = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread srv = new Thread(() -> { try { for (int i = 0; i < 10; i++) { Socket s = ss.accept(); pool.submit(() -> { int c; while ((c = s.getInputStream().read()) >= 0) s.getOutputStream().write(c + 1); s.close(); return 0; }); } } catch (IOException e) { e.printStackTrace(); } });
            srv.start();
            long t = 0;
            for (int i = 0; i < 10; i++) try (Socket s = new Socket(ss.getInetAddress(), ss.getLocalPort())) { for (int k = 0; k < 20; k++) { s.getOutputStream().write(k); t += s.getInputStream().read(); } }
            srv.join();
            System.out.println("sockets " + t);
        }
        Object lock = new Object(); int[] turn = {0};
        Thread[] th = new Thread[4];
        for (int i = 0; i < 4; i++) { final int id = i; th[i] = new Thread(() -> { for (int k = 0; k < 100; k++) synchronized (lock) { while (turn[0] % 4 != id) try { lock.wait(); } catch (InterruptedException e) { } turn[0]++; lock.notifyAll(); } }); th[i].start(); }
        for (Thread x : th) x.join();
        System.out.println("turns " + turn[0]);
        System.gc();
        Process p = new ProcessBuilder("/bin/sh", "-c", "echo from a child; exit 3").start();
        System.out.println(new BufferedReader(new InputStreamReader(p.getInputStream())).readLine() + " " + p.waitFor());
        pool.shutdown(); System.out.println(pool.awaitTermination(60, TimeUnit.SECONDS));
        System.out.println("done");
    }
}
