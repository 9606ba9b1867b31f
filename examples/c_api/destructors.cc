// C++: a greenlet that is killed is unwound, so what it holds is given back. Prints what is
// taken, and how it is given back: by an exception that is caught, and by a kill.
//
//     c++ destructors.cc $(pkg-config --cflags --libs geventrs) -o destructors
#include <cstdio>
#include <geventrs.h>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

struct Lease {
	explicit Lease(std::string what) : what(std::move(what))
	{
		std::printf("%s: taken\n", this->what.c_str());
	}
	~Lease() { std::printf("%s: given back\n", what.c_str()); }
	Lease(const Lease &) = delete;
	std::string what;
};

void *worker(void *)
{
	Lease outer("connection");
	try {
		auto inner = std::make_unique<Lease>("buffer");
		gev_sleep(GEV_FOREVER);
	} catch (const std::exception &) {
		std::printf("a kill is no std::exception\n");
	} catch (...) {
		std::printf("it passes through catch (...) and must go on\n");
		throw;
	}
	return nullptr;
}

void *thrower(void *)
{
	try {
		Lease lease("file");
		gev_yield();
		throw std::runtime_error("no luck");
	} catch (const std::exception &e) {
		std::printf("caught: %s\n", e.what());
	}
	return nullptr;
}

} // namespace

int main()
{
	gev_greenlet *greenlets[] = { gev_spawn(worker, nullptr), gev_spawn(thrower, nullptr) };
	gev_join(greenlets[1], GEV_FOREVER);
	gev_kill(greenlets[0], GEV_FOREVER);
	std::printf("successful: %d, %d\n", gev_successful(greenlets[0]),
		    gev_successful(greenlets[1]));
	gev_release(greenlets[0]);
	gev_release(greenlets[1]);
}
