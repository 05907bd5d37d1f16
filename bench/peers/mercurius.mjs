// Mercurius 16 with its loaders and graphql-jit. Their cache of one request is off: no key comes twice in a request
// here, and Mercurius is faster without it.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import {
  accountId, bills, companyId, customerId, name, organizations, port, products, rowResolvers, simId, sims, typeDefs,
  vatNumber,
} from './rest.mjs'

// The organization is asked for when the first of its fields is, and once for both.
class Company {
  #organization
  constructor(id) {
    this.id = id
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
const { Line, ...rest } = rowResolvers

const app = Fastify()
app.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  resolvers: {
    ...rest,
    Line: { resolveType: Line.__resolveType },
    Query: { company: (_, { id }) => new Company(id) },
    Company: {
      name: async (company) => name(await company.organization()),
      vatNumber: async (company) => vatNumber(await company.organization()),
    },
  },
  loaders: {
    Company: {
      lines: loader((queries) => pages(products(queries.map(({ obj }) => customerId(obj.key))), queries)),
      invoices: loader((queries) => pages(bills(queries.map(({ obj }) => accountId(obj.key))), queries)),
    },
    MobileLine: {
      sim: loader(async (queries) => {
        const ids = queries.map(({ obj }) => simId(obj))
        const chunks = []
        for (let at = 0; at < ids.length; at += 100) chunks.push(sims(ids.slice(at, at + 100)))
        return (await Promise.all(chunks)).flat()
      }),
    },
  },
})
console.log(`${await app.listen({ port, host: '127.0.0.1' })}/graphql`)
