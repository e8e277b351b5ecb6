/** A rule that reports every node a selector finds. */
function ban(description, findings) {
  return {
    meta: { type: 'problem', docs: { description }, schema: [] },
    create(context) {
      const report = (message) => (node) => context.report({ node, message });
      return Object.fromEntries(Object.entries(findings).map(([selector, message]) => [selector, report(message)]));
    },
  };
}

const ENTER_WITH = 'enterWith leaks its store into whatever runs next in the same tick: use run().';
const DOOR = 'All SQL goes through Database.read and Database.write (lib/database).';
const CLOCK = 'Inject Clock: time that tests cannot move is not tested.';
const SKIPPED = 'A test that does not run proves nothing: run it or delete it.';

const TYPEORM_NAMES = /^(Repository|TreeRepository|MongoRepository|BaseEntity)$/;
const NEST_TYPEORM_NAMES = /^(InjectRepository|InjectDataSource|InjectEntityManager|getRepositoryToken)$/;
const DOORS = /^(transaction|getRepository|getTreeRepository|createQueryRunner)$/;
const DATA_SOURCE_WAYS = /^(manager|query|createQueryBuilder)$/;
const TESTERS = '/^(it|test|describe|suite)$/';
const EVASIONS = '/^(skip|only|todo|skipIf|runIf|fails)$/';

export const noEnterWith = ban('no AsyncLocalStorage.enterWith', {
  'MemberExpression[property.name="enterWith"]': ENTER_WITH,
  'MemberExpression > Literal.property[value="enterWith"]': ENTER_WITH,
});

export const databaseDoor = ban('no TypeORM outside the one door to the database', {
  [`ImportDeclaration[source.value="typeorm"] > ImportSpecifier[imported.name=${TYPEORM_NAMES}]`]: DOOR,
  [`ImportDeclaration[source.value="@nestjs/typeorm"] > ImportSpecifier[imported.name=${NEST_TYPEORM_NAMES}]`]: DOOR,
  [`CallExpression[callee.type="MemberExpression"][callee.property.name=${DOORS}]`]: DOOR,
  [`MemberExpression[object.name="dataSource"][property.name=${DATA_SOURCE_WAYS}]`]: DOOR,
  [`MemberExpression[object.property.name="dataSource"][property.name=${DATA_SOURCE_WAYS}]`]: DOOR,
});

export const injectedClock = ban('time comes from Clock', {
  'MemberExpression[object.name="Date"][property.name="now"]': CLOCK,
  'NewExpression[callee.name="Date"][arguments.length=0]': CLOCK,
  'CallExpression[callee.name="Date"]': CLOCK,
});

export const noMathRandom = ban('no Math.random', {
  'MemberExpression[object.name="Math"][property.name="random"]': 'Math.random can be predicted: use node:crypto.',
});

export const noSkippedTests = ban('no test that is skipped or runs alone', {
  [`MemberExpression[object.name=${TESTERS}][property.name=${EVASIONS}]`]: SKIPPED,
  [`MemberExpression[object.object.name=${TESTERS}][property.name=${EVASIONS}]`]: SKIPPED,
  'CallExpression[callee.name=/^(xit|xtest|xdescribe|fit|fdescribe)$/]': SKIPPED,
  'CallExpression[callee.property.name="skip"][callee.object.name=/^(ctx|context|task)$/]': SKIPPED,
});

/** A module with a top-level await cannot be loaded by `require`, which CommonJS applications do with this package. */
export const noTopLevelAwait = {
  meta: { type: 'problem', docs: { description: 'no top-level await' }, schema: [] },
  create(context) {
    const message = 'A top-level await keeps CommonJS applications from loading the package.';
    const check = (node) => {
      for (let parent = node.parent; parent; parent = parent.parent) {
        if (/Function/.test(parent.type) || parent.type === 'PropertyDefinition') return;
      }
      context.report({ node, message });
    };
    return { AwaitExpression: check, 'ForOfStatement[await=true]': check };
  },
};
