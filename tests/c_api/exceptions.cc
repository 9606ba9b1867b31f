// C++ exceptions stay within their greenlet, several at a time, and a kill unwinds
// destructors in their order.
#include "check.h"
#include <geventrs.h>
#include <stdexcept>
#include <string>

namespace {

std::string log;

struct Mark {
	explicit Mark(char c) : c(c) {}
	~Mark() { log += c; }
	char c;
};

void *throws(void *arg)
{
	for (int i = 0; i < 10; i++) {
		try {
			Mark mark('.');
			try {
				throw std::runtime_error("one");
			} catch (const std::runtime_error &) {
				// Another greenlet throws while this one is in a handler.
				gev_yield();
				throw std::logic_error("two");
			}
		} catch (const std::logic_error &e) {
			gev_yield();
			CHECK_STR(e.what(), "two");
		}
	}
	return arg;
}

void *nested(void *)
{
	Mark a('a');
	struct Inner {
		~Inner()
		{
			// Waiting in a destructor is allowed.
			gev_yield();
			log += 'b';
		}
	} inner;
	Mark c('c');
	gev_sleep(GEV_FOREVER);
	return nullptr;
}

} // namespace

int main()
{
	gev_greenlet *greenlets[4];
	for (auto &g : greenlets)
		g = gev_spawn(throws, nullptr);
	CHECK_EQ(gev_joinall(greenlets, 4, GEV_FOREVER), 0);
	for (auto g : greenlets) {
		CHECK(gev_successful(g));
		gev_release(g);
	}
	CHECK_EQ(log.size(), 40);
	log.clear();
	gev_greenlet *g = gev_spawn(nested, nullptr);
	gev_yield();
	CHECK_EQ(gev_kill(g, GEV_FOREVER), 0);
	CHECK_STR(log.c_str(), "cba");
	gev_release(g);
	return 0;
}
