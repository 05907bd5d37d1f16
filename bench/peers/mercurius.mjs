// Mercurius 16 with its loaders and graphql-jit. Their cache of one request is off: no key comes twice in a request
// here, and Mercurius is faster without it.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { accountId, companyId, customerId, invoices, lines, organizations, port, sims, typeDefs } from './rest.mjs'

// The organization is asked for when the first of its fields is, and once for both.
class Company {
  #organization
  constructor(id) {
    this.key = companyId(id)
  }
  organization() {
    this.#organization ??= organizations([this.key]).then(([found]) => found)
    return this.#organization
  }
}

const loader = (load) => ({ loader: load, opts: { cache: false } })
const pages = async (lists, queries) =>
  (await lists).map((rows, index) => ({ nodes: rows.slice(0, queries[index].params.first) }))

const app = Fastify()
app.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  resolvers: {
    Line: { resolveType: () => 'MobileLine' },
    Query: { company: (_, { id }) => new Company(id) },
    Company: {
      name: async (company) => (await company.organization()).name,
      vatNumber: async (company) => (await company.organization()).vatNumber,
    },
  },
  loaders: {
    Company: {
      lines: loader((queries) => pages(lines(queries.map(({ obj }) => customerId(obj.key))), queries)),
      invoices: loader((queries) => pages(invoices(queries.map(({ obj }) => accountId(obj.key))), queries)),
    },
    MobileLine: {
      sim: {
        loader: (queries) => sims(queries.map(({ obj }) => obj.simId)),
        opts: { cache: false, maxBatchSize: 100 },
      },
    },
  },
})
console.log(`${await app.listen({ port, host: '127.0.0.1' })}/graphql`)
