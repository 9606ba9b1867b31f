// rule: C++ streams over stdin and stdout wait on pipes without stopping other threads
// one-thread: yes
// libs: -lpthread
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <unistd.h>

int main()
{
	int p[2];
	if (pipe(p) != 0 || dup2(p[0], 0) != 0)
		return 1;
	int ticks = 0;
	bool stop = false;
	std::thread ticker([&] {
		while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
			ticks++;
			std::this_thread::sleep_for(std::chrono::milliseconds(5));
		}
	});
	std::thread writer([&] {
		for (const char *s : {"12 ", "3", "4\nwords of", " a line\n"}) {
			std::this_thread::sleep_for(std::chrono::milliseconds(30));
			if (write(p[1], s, std::string(s).size()) < 0)
				_exit(1);
		}
		close(p[1]);
	});
	int a, b;
	std::string line;
	std::cin >> a >> b;
	std::cin.ignore();
	std::getline(std::cin, line);
	std::cout << a << ' ' << b << ' ' << line << std::endl;
	std::cout << (std::getline(std::cin, line) ? "more" : "end") << std::endl;
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	ticker.join();
	writer.join();
	std::cout << (ticks >= 3) << std::endl;
	close(0);
	return 0;
}
