"""Runs tests by unittest and says what became of each, as pytest's summary does.

    python3 outcomes.py NAME...     (modules, classes or tests, as unittest names them)

For interpreters that have no pytest. The summary comes last, so that what tests and
their children print in between does not get into it.
"""

import sys
import unittest


class Result(unittest.TextTestResult):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outcomes = []

    def addSuccess(self, test):
        super().addSuccess(test)
        self.outcomes.append(("PASSED", test.id()))

    def addFailure(self, test, why):
        super().addFailure(test, why)
        self.outcomes.append(("FAILED", test.id()))

    def addError(self, test, why):
        super().addError(test, why)
        self.outcomes.append(("ERROR", test.id()))

    def addSubTest(self, test, subtest, why):
        super().addSubTest(test, subtest, why)
        if why is not None:
            self.outcomes.append(("FAILED", subtest.id()))

    def addExpectedFailure(self, test, why):
        super().addExpectedFailure(test, why)
        self.outcomes.append(("XFAIL", test.id()))

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.outcomes.append(("XPASS", test.id()))


if __name__ == "__main__":
    # Children of multiprocessing's "spawn" import this file again.
    tests = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])
    result = unittest.TextTestRunner(resultclass=Result).run(tests)
    print("short test summary info")
    for outcome, name in result.outcomes:
        print(outcome, name)
    sys.exit(not result.wasSuccessful())
